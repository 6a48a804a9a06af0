// Text that is a number of bytes: "512M", "1.5G", "4096".
//
// What:    a number, 0 or more, and one of K, M, G and T for 2^10, 2^20, 2^30 and 2^40, or nothing.
// Owner:   nothing.
// Threads: any.
// Use:
//     const auto bytes = parse::size(text);
//     if (!bytes) …"\"{}\" is no size"…
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "parse/number.hpp"

namespace mw::parse {

inline std::optional<std::uint64_t> size(std::string_view text) noexcept {
  constexpr std::string_view units = "KMGT";
  constexpr int bits_each = 10;
  int bits = 0;
  if (const auto unit = text.empty() ? std::string_view::npos : units.find(text.back()); unit != std::string_view::npos) {
    bits = bits_each * static_cast<int>(unit + 1);
    text.remove_suffix(1);
  }
  const auto number = parse::number<double>(text);
  if (!number || !(*number >= 0)) return std::nullopt;
  const double bytes = std::ldexp(*number, bits);
  if (!(bytes < std::ldexp(1.0, std::numeric_limits<std::int64_t>::digits))) return std::nullopt;
  return static_cast<std::uint64_t>(bytes);
}

}  // namespace mw::parse
