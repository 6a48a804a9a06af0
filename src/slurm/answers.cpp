#include "slurm/answers.hpp"

#include "log/escaped.hpp"

namespace mw::slurm {
namespace {

constexpr std::size_t longest_line_said = 300;

}  // namespace

std::string_view without_blanks(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string_view last_line_of(std::string_view text) noexcept {
  text = without_blanks(text);
  return text.substr(text.rfind('\n') + 1);
}

std::string last_line(std::string_view text) { return log::escaped(last_line_of(text).substr(0, longest_line_said)); }

bool says_no_such_job(std::string_view error) noexcept { return error.find("Invalid job id specified") != std::string_view::npos; }

}  // namespace mw::slurm
