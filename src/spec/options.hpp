// "key=value&key=value" behind an interface's name, read into a struct of options.
//
// What:    a table says which keys there are, what values they take, and where these go; read_options() reads by it.
//          Options of the usual types have their rows made by text(), number(), seconds() and one_of().
// Owner:   values.
// Threads: any.
// Use:
//     const Table<MyOptions> table{text<&MyOptions::state>("state", "a folder"),
//                                  number<&MyOptions::quorum>("quorum", 1, 100)};
//     read_options(options, "quorum=2&state=/x", table, [](const std::string& why) { refuse(why); });
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "parse/number.hpp"

namespace mw::spec {

/// One option: a row of a backend's table.
template <class Options>
struct Option {
  std::string_view key;
  std::string takes;                                    ///< "a number, 1 to 100": for error messages
  std::function<bool(Options&, std::string_view)> set;  ///< false if the value, which is not empty, makes no sense
};
template <class Options>
using Table = std::vector<Option<Options>>;

/// No sum of such times comes near the end of the clock.
inline constexpr std::chrono::seconds longest_time{1'000'000'000};
template <class Duration>
bool is_in_measure(Duration time, Duration least) {
  return time >= least && time <= longest_time;
}

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

template <auto Member>
Option<detail::Owner<Member>> text(std::string_view key, std::string takes) {
  return {key, std::move(takes), [](detail::Owner<Member>& options, std::string_view value) {
            options.*Member = value;
            return true;
          }};
}

template <auto Member>
Option<detail::Owner<Member>> number(std::string_view key, unsigned least, unsigned most) {
  return {key, fmt::format("a number, {} to {}", least, most), [=](detail::Owner<Member>& options, std::string_view value) {
            const auto number = parse::number<unsigned>(value, least, most);
            if (number) options.*Member = *number;
            return number.has_value();
          }};
}

/// Seconds, with a fraction if you like; at least what the member can tell from zero.
template <auto Member>
Option<detail::Owner<Member>> seconds(std::string_view key, double least = 0,
                                      double most = static_cast<double>(longest_time.count())) {
  using Duration = detail::Value<Member>;
  using Seconds = std::chrono::duration<double>;
  least = std::max(least, Seconds{Duration{1}}.count());
  return {key, fmt::format("seconds, {:g} to {:g}", least, most), [=](detail::Owner<Member>& options, std::string_view value) {
            const auto number = parse::number<double>(value, least, most);
            if (number) options.*Member = std::chrono::duration_cast<Duration>(Seconds{*number});
            return number.has_value();
          }};
}

/// One of a few words, each of which stands for a value.
template <auto Member>
Option<detail::Owner<Member>> one_of(std::string_view key,
                                     std::initializer_list<std::pair<std::string_view, detail::Value<Member>>> words) {
  std::string takes;
  for (const auto& [word, value] : words) takes += (takes.empty() ? "" : " or ") + std::string{word};
  return {key, std::move(takes), [known = std::vector(words)](detail::Owner<Member>& options, std::string_view value) {
            const auto word = std::find_if(known.begin(), known.end(), [&](const auto& one) { return one.first == value; });
            if (word != known.end()) options.*Member = word->second;
            return word != known.end();
          }};
}

/// What is between commas.
inline std::vector<std::string> list_in(std::string_view text) {
  std::vector<std::string> list;
  while (!text.empty()) {
    const auto comma = text.find(',');
    list.emplace_back(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return list;
}

/// `refuse` is told what is wrong, and does not return.
template <class Options, class Refuse>
void read_options(Options& options, std::string_view text, const Table<Options>& table, const Refuse& refuse) {
  while (!text.empty()) {
    // An address or a folder may hold anything but '&'.
    const auto end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    const auto equals = pair.find('=');
    const std::string_view key = pair.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
    const auto option = std::find_if(table.begin(), table.end(), [&](const auto& one) { return one.key == key; });
    if (option == table.end()) refuse(fmt::format("there is no option \"{}\"", key));
    if (value.empty() || !option->set(options, value))
      refuse(fmt::format("\"{}\" is no value for {}, which is {}", value, key, option->takes));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
}

}  // namespace mw::spec
