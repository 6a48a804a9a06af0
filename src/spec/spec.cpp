#include "spec/spec.hpp"

#include <fmt/format.h>

#include <mw/error.hpp>

namespace mw::spec {

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
