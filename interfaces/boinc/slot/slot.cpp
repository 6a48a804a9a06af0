#include "boinc/slot/slot.hpp"

#include <unistd.h>

#include <fstream>
#include <sstream>

#include "parse/number.hpp"

namespace mw::slot {
namespace {

std::string read_start(const std::string& path, std::size_t most) {
  std::ifstream file{path, std::ios::binary};
  std::string text(most, '\0');
  file.read(text.data(), static_cast<std::streamsize>(most));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

/// What is between <name> and </name>.
std::optional<std::string> element(std::string_view text, std::string_view name) {
  const std::string open = "<" + std::string{name} + ">", close = "</" + std::string{name} + ">";
  const auto begin = text.find(open);
  const auto end = begin == std::string_view::npos ? begin : text.find(close, begin);
  if (end == std::string_view::npos) return std::nullopt;
  return std::string{text.substr(begin + open.size(), end - begin - open.size())};
}

}  // namespace

std::string Slot::path_of(const std::string& name) const {
  const std::string own = folder_ + "/" + name;
  constexpr std::size_t longest_link = 4096;
  const std::string text = read_start(own, longest_link);
  if (!text.starts_with("<soft_link>")) return own;
  const auto target = element(text, "soft_link");
  if (!target || target->empty()) return own;
  return target->front() == '/' ? *target : folder_ + "/" + *target;
}

bool Slot::has(const std::string& name) const { return ::access((folder_ + "/" + name).c_str(), F_OK) == 0; }

std::optional<double> Slot::number_in_init_data(std::string_view name) const {
  constexpr std::size_t longest_file = 1024 * 1024;
  const auto text = element(read_start(folder_ + "/init_data.xml", longest_file), name);
  return text ? parse::leading_number<double>(*text) : std::nullopt;
}

void Slot::finish() const {
  std::ofstream file{folder_ + "/boinc_finish_called.new"};
  file << "0\n";
  file.close();
  ::rename((folder_ + "/boinc_finish_called.new").c_str(), (folder_ + "/boinc_finish_called").c_str());
}

}  // namespace mw::slot
