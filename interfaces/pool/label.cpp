#include "pool/label.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

namespace mw::pool {
namespace {

constexpr std::size_t longest_key = 24;
/// Of that, for what tells two of one name apart.
constexpr std::size_t longest_number = 6;

/// An interface of somebody else's may be called anything.
std::string in_snake_case(std::string_view name) {
  std::string key;
  for (const char c : name.substr(0, longest_key - longest_number)) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    const bool may_stay = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    key += is_upper ? static_cast<char>(c - 'A' + 'a') : may_stay ? c : '_';
  }
  if (key.empty() || key.front() < 'a' || key.front() > 'z') key = "member";
  return key;
}

}  // namespace

std::string Label::worker(const std::string& own_name) const {
  if (text == name) return own_name;
  if (own_name.starts_with(name + " ")) return text + own_name.substr(name.size());
  return fmt::format("{} {}", text, own_name);
}

std::string Label::saying(std::string_view what) const {
  return what.starts_with(text + ":") ? std::string{what} : fmt::format("{}: {}", text, what);
}

std::vector<Label> labels_of(const std::vector<std::string>& names) {
  std::vector<Label> labels;
  for (const std::string& name : names) {
    Label label{name, name, in_snake_case(name)};
    const auto is_taken = [&](const Label& other) { return other.text == label.text || other.key == label.key; };
    for (unsigned number = 2; std::any_of(labels.begin(), labels.end(), is_taken); ++number) {
      label.text = fmt::format("{}_{}", name, number);
      label.key = fmt::format("{}_{}", in_snake_case(name), number);
    }
    labels.push_back(std::move(label));
  }
  return labels;
}

}  // namespace mw::pool
