// How long a task is expected to run, in one byte.
//
// What:    Cost: nanoseconds rounded up to 2^e × (1, 1.25, 1.5, 1.75), from 4 ns to 255 years.
// Owner:   a plain value.
// Threads: any.
// Use:
//     Cost cost = Cost::of(run_time);  sum += cost.time();
#pragma once

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>

namespace mw::scheduler {

using Time = std::chrono::nanoseconds;

class Cost {
 public:
  Cost() = default;
  /// At least as long as `time`, and less than a quarter longer. Beyond 255 years it is no longer than those, since a
  /// step more would be beyond the end of the clock.
  static Cost of(Time time) noexcept {
    constexpr std::int64_t shortest = 4, longest = std::int64_t{7} << 60;
    const auto ns = static_cast<std::uint64_t>(std::clamp(time.count(), shortest, longest));
    const auto exponent = static_cast<unsigned>(std::bit_width(ns)) - 1;
    const auto quarters = (ns - (std::uint64_t{1} << exponent) + (std::uint64_t{1} << (exponent - 2)) - 1) >> (exponent - 2);
    return Cost{static_cast<std::uint8_t>(exponent * 4 + quarters)};
  }
  Time time() const noexcept {
    const unsigned exponent = code_ / 4u;
    if (exponent < 2) return Time{code_ == 0 ? 0 : 4};
    return Time{static_cast<std::int64_t>(std::uint64_t{4} + code_ % 4u) << (exponent - 2)};
  }

 private:
  explicit Cost(std::uint8_t code) noexcept : code_{code} {}
  std::uint8_t code_ = 0;
};

}  // namespace mw::scheduler
