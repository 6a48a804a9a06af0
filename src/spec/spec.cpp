#include "spec/spec.hpp"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

#include <mw/error.hpp>

namespace mw::spec {
namespace {

/// Whether a member begins here, and not a folder's name or the like.
bool begins_member(std::string_view rest, std::span<const std::string_view> names) {
  return std::any_of(names.begin(), names.end(), [rest](std::string_view name) {
    return rest.starts_with(name) &&
           (rest.size() == name.size() || std::string_view{":?+"}.find(rest[name.size()]) != std::string_view::npos);
  });
}

}  // namespace

std::vector<std::string_view> members_of(std::string_view text, std::span<const std::string_view> names) {
  std::vector<std::string_view> members;
  std::size_t start = 0;
  for (std::size_t plus = 0; (plus = text.find('+', plus)) != std::string_view::npos; ++plus) {
    const bool has_options = text.substr(start, plus - start).find_first_of("?=") != std::string_view::npos;
    if (has_options && !begins_member(text.substr(plus + 1), names)) continue;
    members.push_back(text.substr(start, plus - start));
    start = plus + 1;
  }
  members.push_back(text.substr(start));
  return members;
}

std::string_view name_of(std::string_view text) noexcept { return text.substr(0, text.find_first_of(":?")); }

std::optional<std::string> with_count(std::string_view text, std::uint64_t workers) {
  const std::string_view name = name_of(text);
  const Spec spec{name, text.substr(name.size()), {}};
  const std::string number = fmt::format("{}", workers);
  if (spec.number() && !spec.number()->empty() && *spec.number() != number) return std::nullopt;
  return fmt::format("{}:{}{}{}", name, number, spec.options() ? "?" : "", spec.options().value_or(""));
}

Spec::Spec(std::string_view name, std::string_view text, std::string_view form) noexcept : name_{name}, text_{text}, form_{form} {
  const auto question = text.find('?');
  if (question != std::string_view::npos) options_ = text.substr(question + 1);
  const std::string_view before = text.substr(0, question);
  if (!options_ && before.find('=') != std::string_view::npos) {  // "tcp:listen=…", without a number and its '?'
    options_ = before.substr(before.front() == ':' ? 1 : 0);
    return;
  }
  if (!before.empty()) number_ = before.substr(before.front() == ':' ? 1 : 0);
}

std::optional<unsigned> Spec::count(unsigned most, std::string_view of_what) const {
  if (!number_ || number_->empty()) return std::nullopt;
  const auto number = parse::number<unsigned>(*number_, 1, most);
  if (!number) refuse(fmt::format("what follows the ':' is the number of {}, 1 to {}", of_what, most));
  return number;
}

void Spec::refuse(std::string_view why) const {
  throw UsageError{fmt::format("interface \"{}{}\": {}; the form is {}", name_, text_, why, form_)};
}

}  // namespace mw::spec
