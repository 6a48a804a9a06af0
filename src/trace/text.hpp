// JSON text, written quickly.
//
// What:    puts pieces, numbers and times behind each other.
// Owner:   the caller's buffer.
// Threads: any; a buffer has one at a time.
// Use:
//     put(text, "{\"ts\":"), put_us(text, 1'234'567), put(text, "}");         // {"ts":1234.567}
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mw::trace {

inline void put(std::string& text, std::string_view piece) { text.append(piece); }

inline void put(std::string& text, std::uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  text.append(digits, static_cast<std::size_t>(end - digits));
}

/// Nanoseconds as microseconds, to the nanosecond: what viewers of traces take. Below 0 is 0.
inline void put_us(std::string& text, std::int64_t ns) {
  const std::uint64_t whole = ns > 0 ? static_cast<std::uint64_t>(ns) : 0;
  put(text, whole / 1'000);
  const auto rest = static_cast<unsigned>(whole % 1'000);
  if (rest == 0) return;
  const char digits[4] = {'.', static_cast<char>('0' + rest / 100), static_cast<char>('0' + rest / 10 % 10),
                          static_cast<char>('0' + rest % 10)};
  text.append(digits, sizeof digits);
}

}  // namespace mw::trace
