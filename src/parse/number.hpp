// Text that is a number, and nothing else.
//
// What:    checked forms of std::from_chars: the whole text is digits (with a '-' where the type has a sign), the
//          number fits its type, and lies within the bounds that are given. No blanks, no '+', nothing behind it, no
//          part of a number.
// Owner:   nothing.
// Threads: any.
// Use:
//     const auto port = parse::number<unsigned>(text, 0, 65'535);
//     if (!port) …"\"{}\" is no port"…
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace mw::parse {

/// Takes the number that `text` begins with off it. Empty, and `text` as it was, if there is none or it does not fit.
template <class Number>
std::optional<Number> take_number(std::string_view& text, int base = 10) noexcept {
  Number number{};
  const char* const end = text.data() + text.size();
  std::from_chars_result read{};
  if constexpr (std::is_floating_point_v<Number>)
    read = std::from_chars(text.data(), end, number);
  else
    read = std::from_chars(text.data(), end, number, base);
  if (read.ec != std::errc{}) return std::nullopt;
  text = std::string_view{read.ptr, static_cast<std::size_t>(end - read.ptr)};
  return number;
}

/// The number that `text` begins with, whatever follows.
template <class Number>
std::optional<Number> leading_number(std::string_view text, int base = 10) noexcept {
  return take_number<Number>(text, base);
}

template <class Number>
std::optional<Number> number(std::string_view text, int base = 10) noexcept {
  const auto number = take_number<Number>(text, base);
  return text.empty() ? number : std::nullopt;
}

/// From `least` to `most`, which no not-a-number is.
template <class Number>
std::optional<Number> number(std::string_view text, std::type_identity_t<Number> least,
                             std::type_identity_t<Number> most) noexcept {
  const auto read = number<Number>(text);
  return read && *read >= least && *read <= most ? read : std::nullopt;
}

template <class Number>
std::optional<Number> hex_number(std::string_view text) noexcept {
  constexpr int hexadecimal = 16;
  return number<Number>(text, hexadecimal);
}

}  // namespace mw::parse
