// Counting and timing inside tasks.
//
// What:    a task counts what it meets, and how long parts of it take; its master has the sums, extremes and quantiles
//          over all tasks: Status::measures, Master::measures(), take_measures(). On every interface. Of each task that
//          has come to its end, with a result or with a failure, the attempt counts that ended it: not those before it
//          that failed, were lost or were overtaken, and a task that is cancelled counts nothing. In map(), an input
//          that is tried again counts once, too. What a journal or a cache knows does not run, and counts nothing.
//          Where a project compares the answers of several hosts byte by byte (BoincProjectInterface), nothing travels,
//          as times would differ.
// Owner:   a TimeBlock keeps a copy of its name.
// Threads: the thread that runs the task; in a worker process any thread of the task's, each of which must have
//          counted before the task ends. Where tasks run in the master's process (serial), other threads than the
//          task's own count nothing.
// Use:
//     double simulate(int seed) {
//       const auto time = mw::time_block("simulate");       // until the end of the block
//       while (step()) mw::count("collisions", hits());     // adds the value; also its min, max and quantiles
//       …
//     }
//     for (const mw::MeasureStatus& one : master.measures()) std::cout << one.name << ": " << one.sum << '\n';
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace mw {

namespace detail {
/// Whether this thread's calls count for a task.
bool is_measured() noexcept;
void measure_time(std::string_view name, std::chrono::nanoseconds time) noexcept;
}  // namespace detail

/// Counts `n` more under this name. A name has 1 to 128 bytes; a task has at most 1000 of them, and so has a master:
/// what is beyond is dropped, with one warning. Costs some ten nanoseconds; outside a task it does nothing.
void count(std::string_view name, std::uint64_t n = 1) noexcept;

/// Measures from its making to its end.
class [[nodiscard]] TimeBlock {
 public:
  explicit TimeBlock(std::string_view name) : is_on_{detail::is_measured()} {
    if (!is_on_) return;
    name_ = name;
    start_ = std::chrono::steady_clock::now();
  }
  ~TimeBlock() { stop(); }
  TimeBlock(const TimeBlock&) = delete;
  TimeBlock& operator=(const TimeBlock&) = delete;

  /// Ends it here; what comes then is not measured.
  void stop() noexcept {
    if (!is_on_) return;
    is_on_ = false;
    detail::measure_time(name_, std::chrono::steady_clock::now() - start_);
  }

 private:
  bool is_on_;
  std::string name_;
  std::chrono::steady_clock::time_point start_;
};

/// Measures how long the rest of this block takes, under this name; as count() in all else. Costs two looks at the
/// clock more.
[[nodiscard]] inline TimeBlock time_block(std::string_view name) { return TimeBlock{name}; }

}  // namespace mw
