// How many tasks of map() are kept on their way.
//
// What:    pure arithmetic after Little's law: so many that no worker waits for the next one while results and tasks
//          travel. The length of the way is the least time that a task took beyond its own run: anything above that is
//          waiting behind others. Tasks that were sent before the first one came back say nothing: they may have waited
//          for workers to start.
// Owner:   a plain value.
// Threads: one at a time.
// Use:
//     WaySizer way;
//     way.measured(submitted, finished, run_time);  …  if (sent < way.tasks(slots)) send();
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>

namespace mw::detail {

/// "Way": from the master to a worker and back.
class WaySizer {
 public:
  using Time = std::chrono::duration<double>;

  static constexpr std::size_t least = 4;                    ///< tasks for each slot
  static constexpr std::size_t most = std::size_t{1} << 16;  ///< tasks in all, unless `least` asks for more

  /// A task is done: when it was submitted and when it was finished, on any clock, and how long of that it ran.
  void measured(Time submitted, Time finished, Time run_time) noexcept {
    if (!first_finish_) first_finish_ = finished;
    if (submitted < *first_finish_) return;
    constexpr Time shortest{1e-6};
    const Time run = std::max(run_time, shortest);
    const Time way = std::max(finished - submitted - run, Time{0});
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

  /// How many tasks to keep on their way for this many slots: twice as many as the way holds.
  std::size_t tasks(std::size_t slots) const noexcept {
    const std::size_t usual = least * slots;
    if (!is_known_) return usual;
    const double wanted = 2.0 * static_cast<double>(slots) * (1 + way_ / run_);
    if (!(wanted < static_cast<double>(most))) return std::max(usual, most);
    return std::max(usual, static_cast<std::size_t>(wanted));
  }

 private:
  std::optional<Time> first_finish_;
  bool is_known_ = false;
  Time run_{0};
  Time way_{0};
};

}  // namespace mw::detail
