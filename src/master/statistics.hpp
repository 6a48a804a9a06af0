// Counts of a master's tasks.
//
// What:    how many tasks are in which state, and how each function fares.
// Owner:   the master.
// Threads: the counts may be read by any thread; only `accepted` is raised by user threads, all else by the loop.
//          per_function() is the loop's.
// Use:     internal.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include <mw/status.hpp>
#include <mw/task.hpp>

#include "master/record.hpp"

namespace mw::detail {

class Statistics {
 public:
  std::atomic<std::uint64_t> accepted{0};  ///< also the number of the last task
  std::atomic<std::uint64_t> running{0};
  std::atomic<std::uint64_t> finished{0};
  std::atomic<std::uint64_t> errors{0};
  std::atomic<std::uint64_t> cancelled{0};
  std::atomic<std::uint64_t> attempts{0};
  std::atomic<std::uint64_t> retries{0};
  std::atomic<std::uint64_t> lost{0};
  std::atomic<std::int64_t> ready_ns{0};  ///< when the first worker was ready; 0 while none is

  /// Raises a count that only the loop writes: no locked instruction.
  static void add(std::atomic<std::uint64_t>& count, std::uint64_t n = 1) noexcept {
    count.store(count.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  static void subtract(std::atomic<std::uint64_t>& count, std::uint64_t n = 1) noexcept {
    count.store(count.load(std::memory_order_relaxed) - n, std::memory_order_relaxed);
  }

  /// The task came to its end.
  void ended(const TaskRecord& record, TaskState state) {
    add(state == TaskState::finished ? finished : state == TaskState::cancelled ? cancelled : errors);
    if (functions_.size() <= record.kind) functions_.resize(record.kind + std::size_t{1});
    PerFunction& function = functions_[record.kind];
    function.entry = record.function;
    if (state != TaskState::finished) {
      ++function.errors;
      return;
    }
    ++function.finished;
    function.total_ns += record.run_ns;
    function.max_ns = std::max(function.max_ns, record.run_ns);
  }

  std::vector<FunctionStatus> per_function() const {
    std::vector<FunctionStatus> list;
    for (const PerFunction& counts : functions_)
      if (counts.entry)
        list.push_back({std::string{counts.entry->name()}, counts.finished, counts.errors,
                        static_cast<double>(counts.total_ns) * 1e-9, static_cast<double>(counts.max_ns) * 1e-9});
    return list;
  }

  /// The counts as part of a Status.
  void write_to(Status& status) const {
    status.finished = finished.load(std::memory_order_relaxed);
    status.errors = errors.load(std::memory_order_relaxed);
    status.cancelled = cancelled.load(std::memory_order_relaxed);
    status.running = running.load(std::memory_order_relaxed);
    status.attempts = attempts.load(std::memory_order_relaxed);
    status.retries = retries.load(std::memory_order_relaxed);
    status.lost = lost.load(std::memory_order_relaxed);
    status.tasks = accepted.load(std::memory_order_relaxed);
    const std::uint64_t known = status.finished + status.errors + status.cancelled + status.running;
    status.submitted = status.tasks > known ? status.tasks - known : 0;
    status.tasks = known + status.submitted;
  }

 private:
  struct PerFunction {
    const FunctionEntry* entry = nullptr;
    std::uint64_t finished = 0;
    std::uint64_t errors = 0;
    std::int64_t total_ns = 0;
    std::int64_t max_ns = 0;
  };
  std::vector<PerFunction> functions_;  ///< by FunctionEntry::number()
};

}  // namespace mw::detail
