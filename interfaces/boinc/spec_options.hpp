// "?key=value&key=value" behind an interface's name, read into a struct of options.
//
// What:    setters for members of the usual types, and read_options(), which looks each key up in a table of them.
// Owner:   values.
// Threads: any.
// Use:
//     const SetterTable<MyOptions> setters{{"state", set_text<&MyOptions::state>}, {"quorum", set_number<&MyOptions::quorum>}};
//     read_options(options, "quorum=2&state=/x", setters, [](const std::string& why) { refuse(why); });
#pragma once

#include <charconv>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include <fmt/format.h>

namespace mw::boinc {

template <class Number>
std::optional<Number> number_of(std::string_view text, Number least, Number most) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || !(number >= least && number <= most)) return std::nullopt;
  return number;
}

/// Sets one option; false if the value makes no sense.
template <class Options>
using Setter = bool (*)(Options&, std::string_view);
template <class Options>
using SetterTable = std::map<std::string_view, Setter<Options>>;

namespace detail {
template <class Member>
struct MemberOf;
template <class Class, class Type>
struct MemberOf<Type Class::*> {
  using Owner = Class;
  using Value = Type;
};
template <auto Member>
using Owner = typename MemberOf<decltype(Member)>::Owner;
template <auto Member>
using Value = typename MemberOf<decltype(Member)>::Value;
}  // namespace detail

inline constexpr unsigned most_copies = 100;

template <auto Member>
bool set_text(detail::Owner<Member>& options, std::string_view value) {
  options.*Member = value;
  return !value.empty();
}
template <auto Member, unsigned Least = 1, unsigned Most = most_copies>
bool set_number(detail::Owner<Member>& options, std::string_view value) {
  const auto number = number_of(value, Least, Most);
  if (number) options.*Member = *number;
  return number.has_value();
}
/// No sum of such times comes near the end of the clock.
inline constexpr std::chrono::seconds longest_time{1'000'000'000};
template <class Duration>
bool is_in_measure(Duration time, Duration least) {
  return time >= least && time <= longest_time;
}

/// Seconds, with a fraction if you like.
template <auto Member>
bool set_duration(detail::Owner<Member>& options, std::string_view value) {
  using Duration = detail::Value<Member>;
  constexpr auto most_s = static_cast<double>(longest_time.count());
  const auto seconds = number_of(value, std::chrono::duration<double>{Duration{1}}.count(), most_s);
  if (seconds) options.*Member = std::chrono::duration_cast<Duration>(std::chrono::duration<double>{*seconds});
  return seconds.has_value();
}
template <auto Member>
bool set_switch(detail::Owner<Member>& options, std::string_view value, std::string_view on, std::string_view off) {
  options.*Member = value == on;
  return value == on || value == off;
}

/// `refuse` is told what is wrong, and does not return.
template <class Options, class Refuse>
void read_options(Options& options, std::string_view text, const SetterTable<Options>& setters, const Refuse& refuse) {
  while (!text.empty()) {
    // An address or a folder may hold anything but '&'.
    const auto end = text.find('&');
    const std::string_view option = text.substr(0, end);
    const auto equals = option.find('=');
    const std::string_view key = option.substr(0, equals);
    const auto setter = setters.find(key);
    if (setter == setters.end()) refuse(fmt::format("there is no option \"{}\"", key));
    const std::string_view value = equals == std::string_view::npos ? std::string_view{} : option.substr(equals + 1);
    if (!setter->second(options, value)) refuse(fmt::format("\"{}\" is no value for {}", value, key));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
}

}  // namespace mw::boinc
