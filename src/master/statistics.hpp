// Counts of a master's tasks.
//
// What:    how many tasks are in which state, how each function fares, and what tasks have counted themselves.
// Owner:   the master; an observer of its task machine.
// Threads: the counts may be read by any thread; only `accepted` is raised by user threads, all else by the loop.
//          per_function() and measures() are the loop's.
// Use:     internal.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <mw/status.hpp>
#include <mw/task.hpp>

#include "core/observer.hpp"
#include "core/record.hpp"
#include "master/measure_ledger.hpp"
#include "measure/histogram.hpp"
#include "process/cache_line.hpp"

namespace mw::detail {

class Statistics final : public core::Observer {
 public:
  /// Times count from then on.
  explicit Statistics(std::int64_t born_ns) : born_ns_{born_ns} {}

  /// Also the number of the last task. Written by those who submit, all else by the loop.
  alignas(process::cache_line) std::atomic<std::uint64_t> accepted{0};
  alignas(process::cache_line) std::atomic<std::uint64_t> running{0};
  std::atomic<std::uint64_t> finished{0};
  std::atomic<std::uint64_t> errors{0};
  std::atomic<std::uint64_t> cancelled{0};
  std::atomic<std::uint64_t> attempts{0};
  std::atomic<std::uint64_t> retries{0};
  std::atomic<std::uint64_t> copies{0};
  std::atomic<std::int64_t> ready_ns{0};  ///< when the first worker was ready; 0 while none is

  /// So many slots the interface starts, of which so many are there.
  void expect(std::uint32_t slots, std::uint32_t there = 0) noexcept {
    expected_.store(slots, std::memory_order_relaxed);
    const std::uint32_t known = ready_slots_.load(std::memory_order_relaxed);
    ready_slots_.store(std::max(known, std::min(there, slots)), std::memory_order_relaxed);
  }
  /// How many of those have not come so far, whatever has become of the others.
  std::uint32_t missing() const noexcept {
    const std::uint32_t ready = ready_slots_.load(std::memory_order_relaxed), all = expected();
    return all > ready ? all - ready : 0;
  }
  std::uint32_t expected() const noexcept { return expected_.load(std::memory_order_relaxed); }

  // As the machine tells it
  void assigned(const TaskRecord&, WorkerId, const core::Moment&) noexcept override { add(attempts); }
  void copy_assigned(const TaskRecord&, WorkerId, const core::Moment&) noexcept override { add(copies); }
  void started(const TaskRecord&, WorkerId, const core::Moment&) noexcept override { add(running); }
  void lost(const TaskRecord&, const Outcome&, const core::Moment&) noexcept override { add(lost_); }
  void queued_again(const TaskRecord&, core::Again why, bool was_running, const core::Moment&) noexcept override {
    if (was_running) subtract(running);
    if (why == core::Again::fault) add(retries);
    if (why == core::Again::unbegun) subtract(attempts);
    if (measures_.holds_any()) measures_.again();
  }
  void done(const TaskRecord& record, const Outcome& how, const core::Moment&) noexcept override {
    if (how.measured || measures_.holds_any()) measures_.attempt_done(record, how);
  }
  void copy_ended(const TaskRecord& copy, core::CopyEnd end, const Outcome* how, const core::Moment&) noexcept override {
    measures_.copy_done(copy, end == core::CopyEnd::done ? how : nullptr);
  }
  void overtaken(const TaskRecord& record) noexcept override { measures_.task_overtaken(record); }
  void ended(const TaskRecord& record, TaskState state, const core::Moment&) noexcept override {
    if (record.state.load(std::memory_order_relaxed) == TaskState::running) subtract(running);
    count_end(record, state);
    if (measures_.holds_any()) measures_.task_ended(record, state);
  }
  /// Those beyond the number that the interface starts are successors: the first ones' beginnings are the start-up.
  void worker_joined(WorkerId, const WorkerInfo& info, const core::Moment& now) noexcept override {
    if (ready_ns.load(std::memory_order_relaxed) == 0) ready_ns = now.clock_ns;
    const std::uint32_t known = ready_slots_.load(std::memory_order_relaxed), all = expected();
    const std::uint32_t counted = std::min(std::max(info.slots, 1u), all > known ? all - known : 0);
    ready_slots_.store(known + counted, std::memory_order_relaxed);
    waited_ns_.store(waited_ns_.load(std::memory_order_relaxed) + std::int64_t{counted} * (now.clock_ns - born_ns_),
                     std::memory_order_relaxed);
  }

  /// How long a slot was not there yet, on average; one that is still not there counts up to now.
  double start_up_seconds(std::int64_t ns_since_start) const noexcept {
    const std::uint32_t ready = ready_slots_.load(std::memory_order_relaxed), not_there = missing();
    if (ready + not_there == 0) return 0;
    return static_cast<double>(waited_ns_.load(std::memory_order_relaxed) + std::int64_t{not_there} * ns_since_start) * 1e-9 /
           static_cast<double>(ready + not_there);
  }

  std::vector<FunctionStatus> per_function() const {
    std::vector<FunctionStatus> list;
    const auto add_line = [&list](std::string_view name, const PerFunction& counts) {
      const measure::Histogram& times = counts.times;
      list.push_back({.name = std::string{name},
                      .finished = times.count(),
                      .errors = counts.errors,
                      .cancelled = counts.cancelled,
                      .total_seconds = times.sum() * 1e-9,
                      .max_seconds = static_cast<double>(times.max()) * 1e-9,
                      .min_seconds = static_cast<double>(times.min()) * 1e-9,
                      .p50_seconds = times.quantile(0.5) * 1e-9,
                      .p99_seconds = times.quantile(0.99) * 1e-9});
    };
    for (const PerFunction& counts : functions_)
      if (counts.entry) add_line(counts.entry->name(), counts);
    for (const auto& [name, counts] : named_) add_line(name, counts);
    return list;
  }

  const MeasureLedger& measures() const noexcept { return measures_; }
  MeasureLedger& measures() noexcept { return measures_; }

  /// The counts as part of a Status.
  void write_to(Status& status) const {
    status.finished = finished.load(std::memory_order_relaxed);
    status.errors = errors.load(std::memory_order_relaxed);
    status.cancelled = cancelled.load(std::memory_order_relaxed);
    status.running = running.load(std::memory_order_relaxed);
    status.attempts = attempts.load(std::memory_order_relaxed);
    status.retries = retries.load(std::memory_order_relaxed);
    status.copies = copies.load(std::memory_order_relaxed);
    status.lost = lost_.load(std::memory_order_relaxed);
    status.tasks = accepted.load(std::memory_order_relaxed);
    const std::uint64_t known = status.finished + status.errors + status.cancelled + status.running;
    status.submitted = status.tasks > known ? status.tasks - known : 0;
    status.tasks = known + status.submitted;
  }

 private:
  /// Raises a count that only the loop writes: no locked instruction.
  static void add(std::atomic<std::uint64_t>& count) noexcept {
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  static void subtract(std::atomic<std::uint64_t>& count) noexcept {
    count.store(count.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  }

  struct PerFunction {
    const FunctionEntry* entry = nullptr;
    std::uint64_t errors = 0;
    std::uint64_t cancelled = 0;
    measure::Histogram times;  ///< of finished tasks, nanoseconds
  };

  void count_end(const TaskRecord& record, TaskState state) {
    add(state == TaskState::finished ? finished : state == TaskState::cancelled ? cancelled : errors);
    PerFunction& function = line_of(record);
    if (state == TaskState::cancelled) ++function.cancelled;
    if (state == TaskState::error) ++function.errors;
    if (state == TaskState::finished) function.times.add(static_cast<std::uint64_t>(std::max<std::int64_t>(record.run_ns, 0)));
  }

  /// Where the task is counted: under its own name if it has one and there are not too many of them.
  PerFunction& line_of(const TaskRecord& record) {
    if (const std::string& name = record.options().name; !name.empty()) {
      if (const auto place = named_.find(name); place != named_.end()) return place->second;
      if (named_.size() < most_names) return named_[name];
    }
    if (functions_.size() <= record.kind) functions_.resize(record.kind + std::size_t{1});
    functions_[record.kind].entry = record.function;
    return functions_[record.kind];
  }

  static constexpr std::size_t most_names = 1000;
  const std::int64_t born_ns_;
  std::atomic<std::uint64_t> lost_{0};
  std::atomic<std::uint32_t> expected_{1};
  std::atomic<std::uint32_t> ready_slots_{0};
  std::atomic<std::int64_t> waited_ns_{0};
  std::vector<PerFunction> functions_;  ///< by FunctionEntry::number()
  std::map<std::string, PerFunction> named_;
  MeasureLedger measures_;
};

}  // namespace mw::detail
