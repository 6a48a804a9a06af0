// Counts as people write them.
//
// What:    "1000", "1e9", "2.5e6" → an integer.
// Owner:   nothing.
// Threads: any.
// Use:
//     std::uint64_t points = parse_count("1e9");
#pragma once

#include <cstdint>
#include <string>

namespace mw::app {

/// Exact: digits, an optional fraction and an optional exponent that leave a whole number from 0 to 2^64 - 1. Throws
/// UsageError.
std::uint64_t parse_count(const std::string& text);

/// A finite number. Throws UsageError.
double parse_number(const std::string& text);

}  // namespace mw::app
