// What happens to tasks and workers, for whoever wants to know.
//
// What:    each transition of a task or a worker, as the task machine makes it: statistics count them, a journal writes
//          them down, a dashboard shows them. An observer changes nothing and may not throw.
// Owner:   the machine's owner, which must keep it as long as the machine.
// Threads: the machine's: one call at a time. Must return at once.
// Use:
//     struct Counter final : Observer {
//       void ended(const TaskRecord&, TaskState, const Moment&) noexcept override { ++count; }
//     };
//     machine.add_observer(counter);
#pragma once

#include <cstdint>
#include <memory>

#include <mw/interface.hpp>
#include <mw/task.hpp>

#include "core/moment.hpp"
#include "core/record.hpp"

namespace mw::core {

using detail::TaskRecord;

/// Why a task that was handed out waits again.
enum class Again : std::uint8_t {
  fault,           ///< it failed by its own fault, and has tries left
  lost,            ///< its worker died under it
  unbegun,         ///< no worker had begun it, and it was taken back: this attempt never was
  interface_gone,  ///< the interface failed, or was replaced
};

/// What became of a second attempt.
enum class CopyEnd : std::uint8_t {
  done,    ///< it has a result, or a failure
  lost,    ///< its worker died under it
  dropped  ///< nobody needs it any more, or no worker had begun it
};

class Observer {
 public:
  virtual ~Observer() = default;

  /// It waits for a worker, or first for another task's result.
  virtual void submitted(const TaskRecord&) noexcept {}
  /// An attempt: it was given to this worker, or (any_worker) to an interface that schedules by itself.
  virtual void assigned(const TaskRecord&, WorkerId, const Moment&) noexcept {}
  /// The worker has begun it.
  virtual void started(const TaskRecord&, WorkerId, const Moment&) noexcept {}
  /// record.progress is the fraction that is done.
  virtual void progressed(const TaskRecord&) noexcept {}
  /// It has saved its state: what its next attempt begins with. Of the task itself; what a copy of it saves counts not.
  virtual void checkpointed(const TaskRecord&, const std::shared_ptr<const Bytes>& state) noexcept { static_cast<void>(state); }
  /// The attempt came to its end: with a result, with a failure of its own, or as its time was over; `queued_again` or
  /// `ended` follows. The record is as it was.
  virtual void done(const TaskRecord&, const Outcome& how, const Moment&) noexcept { static_cast<void>(how); }
  /// The worker died under it; `queued_again` or `ended` follows. `what` says how.
  virtual void lost(const TaskRecord&, const Outcome& what, const Moment&) noexcept { static_cast<void>(what); }
  /// `was_running`: a worker had begun it.
  virtual void queued_again(const TaskRecord&, Again, bool was_running, const Moment&) noexcept { static_cast<void>(was_running); }
  /// It came to its end, once: finished, error or cancelled. The record has all that is known of it (payload, failure,
  /// times), but its `state` is still the one before.
  virtual void ended(const TaskRecord&, TaskState, const Moment&) noexcept {}

  /// A task takes too long where it is, and this worker was given a second attempt at it: `copy`, a record with the
  /// task's number, function and arguments. Whichever of the two has a result first ends the task.
  virtual void copy_assigned(const TaskRecord& copy, WorkerId, const Moment&) noexcept { static_cast<void>(copy); }
  virtual void copy_started(const TaskRecord& copy, WorkerId, const Moment&) noexcept { static_cast<void>(copy); }
  /// The copy has a result, and the task is about to end with that: the attempt at it that ran, if one did, counts no
  /// more. record.last_worker is still that attempt's.
  virtual void overtaken(const TaskRecord&) noexcept {}
  /// The copy came to its end. `how` is its result or failure, or says how its worker died; it is null where the copy
  /// is not needed any more, was given back, or went with its interface.
  virtual void copy_ended(const TaskRecord& copy, CopyEnd, const Outcome* how, const Moment&) noexcept {
    static_cast<void>(copy), static_cast<void>(how);
  }

  virtual void worker_joined(WorkerId, const WorkerInfo&, const Moment&) noexcept {}
  virtual void worker_left(WorkerId, const Moment&) noexcept {}
};

}  // namespace mw::core
