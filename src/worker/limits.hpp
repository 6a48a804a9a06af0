// A task's limits, as far as the one who runs it keeps them.
//
// What:    while a TaskLimits exists, should_stop() knows the soft limit, a program that is run knows both time limits
//          and the memory limit, and in a process of its own the task's memory is limited (setrlimit(2), RLIMIT_DATA).
// Owner:   puts everything back at its end.
// Threads: one at a time a process (Scope::process) or a thread (Scope::thread). should_stop() may be asked by any
//          thread of a task in the first case, by that thread in the second.
// Use:
//     TaskLimits limits{{.soft = 10s}, Scope::process};
//     outcome = execute(…);
//     limits.explain(outcome);
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <optional>

#include <mw/interface.hpp>

namespace mw::worker {

struct Limits {
  std::chrono::nanoseconds soft{0};  ///< 0: none, as below
  std::chrono::nanoseconds hard{0};
  std::uint64_t memory = 0;  ///< bytes
  bool empty() const noexcept { return soft.count() == 0 && hard.count() == 0 && memory == 0; }
};

enum class Scope : std::uint8_t { process, thread };

/// When the running task is to end, on the steady clock less what this process was stopped (process::time_stopped());
/// and how much memory a program of it may take.
struct Deadlines {
  std::optional<std::chrono::steady_clock::time_point> soft;
  std::optional<std::chrono::steady_clock::time_point> hard;
  std::uint64_t memory = 0;
};
/// Of the task that this thread, or this process, runs.
Deadlines current_deadlines() noexcept;

class TaskLimits {
 public:
  TaskLimits(const Limits& limits, Scope scope);
  ~TaskLimits();
  TaskLimits(const TaskLimits&) = delete;
  TaskLimits& operator=(const TaskLimits&) = delete;

  /// An allocation that failed under a memory limit becomes Cause::memory_limit.
  void explain(Outcome& outcome) const;

 private:
  const Limits limits_;
  const Scope scope_;
  std::optional<rlimit> before_;
};

}  // namespace mw::worker
