// How many tasks of map() are kept on their way.
//
// What:    pure arithmetic after Little's law: so many that no worker waits for the next while results and tasks travel. How long the
//          way is, is the least that a task took beyond its own run, since all more than that is waiting behind others.
// Owner:   a plain value.
// Threads: one at a time.
// Use:
//     WaySizer way;
//     way.measured(turnaround, run_time);  …  if (sent < way.tasks(slots)) send();
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace mw::detail {

class WaySizer {
 public:
  using Time = std::chrono::duration<double>;

  static constexpr std::size_t least = 4;  ///< a slot
  static constexpr std::size_t most = std::size_t{1} << 16;

  /// A task was done: so long after it was submitted, having run so long.
  void measured(Time turnaround, Time run_time) noexcept {
    constexpr Time shortest{1e-6};
    const Time run = std::max(run_time, shortest);
    const Time way = std::max(turnaround - run, Time{0});
    if (!is_known_) {
      is_known_ = true;
      run_ = run;
      way_ = way;
      return;
    }
    run_ += (run - run_) / 8;
    constexpr double forgetting = 1.02;  // a way that has become longer is believed after a while
    way_ = std::min(way, way_ * forgetting);
  }

  /// Twice as many as the way holds.
  std::size_t tasks(std::size_t slots) const noexcept {
    const std::size_t usual = least * slots;
    if (!is_known_) return usual;
    const double wanted = 2.0 * static_cast<double>(slots) * (1 + way_ / run_);
    if (!(wanted < static_cast<double>(most))) return std::max(usual, most);
    return std::max(usual, static_cast<std::size_t>(wanted));
  }

 private:
  bool is_known_ = false;
  Time run_{0};
  Time way_{0};
};

}  // namespace mw::detail
