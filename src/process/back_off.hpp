// How long to wait before something that failed is tried again.
//
// What:    twice as long with each failure in a row, up to a longest time. With a random part, many that failed at the
//          same moment do not come back at the same moment.
// Owner:   plain values; the caller has the clock and the random numbers.
// Threads: one at a time.
// Use:
//     BackOff back_off{20ms, 3s};
//     if (!try_it()) timer.expires_after(back_off.next());
//     else back_off.reset();
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace mw::process {

class BackOff {
 public:
  constexpr BackOff(std::chrono::milliseconds first, std::chrono::milliseconds longest) : first_{first}, longest_{longest} {}

  /// `chance` is from 0, half of the time, to 1, all of it.
  std::chrono::nanoseconds next(double chance = 1) noexcept {
    const auto factor = static_cast<double>(std::uint64_t{1} << std::min(failures_++, 40u));
    const std::chrono::duration<double, std::milli> whole =
        std::min<std::chrono::duration<double, std::milli>>(first_ * factor, longest_);
    return std::chrono::duration_cast<std::chrono::nanoseconds>(whole * (1 + chance) / 2);
  }
  void reset() noexcept { failures_ = 0; }
  unsigned failures() const noexcept { return failures_; }

 private:
  std::chrono::milliseconds first_, longest_;
  unsigned failures_ = 0;  ///< in a row
};

/// Of workers that do not start, or do not get ready.
inline constexpr BackOff worker_starts{std::chrono::milliseconds{20}, std::chrono::milliseconds{2560}};

}  // namespace mw::process
