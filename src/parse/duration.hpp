// Text that is a time: "90", "90s", "1.5h", "250ms".
//
// What:    a number, 0 or more, and one of ms, s, min (or m), h and d behind it; without one, seconds.
// Owner:   nothing.
// Threads: any.
// Use:
//     const auto time = parse::duration(text);
//     if (!time) …"\"{}\" is no time: write 90s, 15min, 2h"…
#pragma once

#include <array>
#include <chrono>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "parse/number.hpp"

namespace mw::parse {

/// Empty, too, for more than 30 years.
inline std::optional<std::chrono::duration<double>> duration(std::string_view text) noexcept {
  using Seconds = std::chrono::duration<double>;
  constexpr Seconds longest{30.0 * 365 * 24 * 3600};
  constexpr std::array<std::pair<std::string_view, double>, 7> units{
      {{"", 1}, {"ms", 0.001}, {"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}, {"d", 86'400}}};
  const auto number = take_number<double>(text);
  if (!number || !std::isfinite(*number) || std::signbit(*number)) return std::nullopt;
  for (const auto& [unit, seconds] : units)
    if (text == unit) return Seconds{*number * seconds} <= longest ? std::optional{Seconds{*number * seconds}} : std::nullopt;
  return std::nullopt;
}

}  // namespace mw::parse
