// What the tasks of a master have counted and timed.
//
// What:    hears of attempts that came to their end and brought measures, and counts those of the attempt that ended
//          its task: so each task counts once.
// Owner:   the statistics.
// Threads: the loop's.
// Use:
//     ledger.attempt_done(task, outcome);  ledger.task_ended(task, state);
//     status.measures = ledger.statuses();
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <mw/interface.hpp>
#include <mw/status.hpp>

#include "core/record.hpp"
#include "measure/measures.hpp"

namespace mw::detail {

class MeasureLedger {
 public:
  /// Whether task_ended(), task_overtaken() or again() may have something to do.
  bool holds_any() const noexcept { return held_.has_value() || held_of_copy_.has_value(); }

  /// An attempt at it came to its end; the task may end with that, or be tried again.
  void attempt_done(const TaskRecord& task, const Outcome& how) noexcept { held_ = read(task, how); }
  /// A second attempt, which may end the task.
  void copy_done(const TaskRecord& copy, const Outcome* how) noexcept;
  /// It does.
  void task_overtaken(const TaskRecord& task) noexcept;
  /// What is held of it counts now, unless it was cancelled.
  void task_ended(const TaskRecord& task, TaskState state) noexcept;
  /// What is held counts not: its task is tried again.
  void again() noexcept { held_.reset(); }

  /// Of all time.
  std::vector<MeasureStatus> statuses() const;
  /// Since the last call of this.
  std::vector<MeasureStatus> take();

 private:
  struct Held {
    std::uint64_t task;
    measure::Measures measures;
  };
  static std::optional<Held> read(const TaskRecord& task, const Outcome& how) noexcept;

  std::optional<Held> held_;
  std::optional<Held> held_of_copy_;
  measure::Measures all_;
  measure::Measures since_;  ///< the last take()
};

}  // namespace mw::detail
