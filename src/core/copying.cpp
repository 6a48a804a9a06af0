// TaskMachine: second attempts at tasks that take too long where they are.
//
// A copy is a record of its own, which no user and no observer counts as a task. It runs beside the task; the first
// result ends the task, and the other attempt is stopped. A copy that fails, is lost or is given back is dropped: what
// becomes of the task then is decided by its own attempt, as if there had been no copy.
#include <memory>
#include <utility>

#include <mw/detail/task_access.hpp>

#include "core/machine.hpp"

namespace mw::core {

using scheduler::ItemState;

std::optional<Handed> TaskMachine::next_copy(const Moment& now) {
  if (!gives_out() || !makes_copies_) return std::nullopt;
  const auto choice = scheduler_.straggler(now.time);
  if (!choice) return std::nullopt;
  TaskRecord& copy = copies_.make(detail::record_of(*choice->item));
  scheduler_.place(copy, choice->worker, now.time);
  tell([&](Observer& observer) { observer.copy_assigned(copy, choice->worker, now); });
  return Handed{TaskAccess::make(RecordPtr{&copy}, copy.attempt), choice->worker};
}

void TaskMachine::copy_started(TaskRecord& copy, WorkerId worker, const Moment& now) {
  copy.last_worker.store(worker, std::memory_order_relaxed);
  copy.start_ns.store(now.clock_ns, std::memory_order_release);
  copy.state.store(TaskState::running, std::memory_order_release);
  tell([&](Observer& observer) { observer.copy_started(copy, worker, now); });
}

/// Its result is the task's. What it has emitted would be mixed up with what the other attempt has.
void TaskMachine::copy_finished(TaskRecord& copy, Outcome&& outcome, const Moment& now) {
  TaskRecord& task = *copies_.task_of(copy);
  const RecordPtr kept = copies_.take(task);
  wants_round_ = true;
  tell([&](Observer& observer) { observer.copy_ended(copy, CopyEnd::done, &outcome, now); });
  scheduler_.finished(copy, now.time, outcome.failure ? Time{0} : outcome.run_time);
  if (outcome.failure || copy.find_parts() || task.find_parts()) return;
  tell([&](Observer& observer) { observer.overtaken(task); });
  task.last_worker.store(copy.last_worker.load(std::memory_order_relaxed), std::memory_order_relaxed);
  // Its worker may still read its arguments.
  task.need_extra().old_arguments = std::move(task.payload);
  const std::int64_t began = copy.start_ns.load(std::memory_order_relaxed);
  if (task.schedule == ItemState::queued)
    scheduler_.withdraw(task, now.time);
  else
    abandon(task, true, now);
  if (began != 0) task.start_ns.store(began, std::memory_order_release);
  end(task, TaskState::finished, std::move(outcome), now);
}

/// Where it is queued, or was taken off its worker by what happened; a copy that runs is drop_copy()'s. Who has killed
/// a worker has no other copy: that one might kill the next.
void TaskMachine::copy_gone(TaskRecord& copy, CopyEnd how, const Outcome* outcome, const Moment& now) {
  TaskRecord& task = *copies_.task_of(copy);
  const RecordPtr kept = copies_.take(task);
  task.need_extra().may_have_copy = how != CopyEnd::lost;
  wants_round_ = true;
  tell([&](Observer& observer) { observer.copy_ended(copy, how, outcome, now); });
  scheduler_.withdraw(copy, now.time);
}

/// The task needs no copy any more: where it has one, that is stopped.
void TaskMachine::drop_copy(const TaskRecord& task, const Moment& now) {
  if (copies_.empty()) return;
  const RecordPtr copy = copies_.take(task);
  if (!copy) return;
  tell([&](Observer& observer) { observer.copy_ended(*copy, CopyEnd::dropped, nullptr, now); });
  if (copy->schedule == ItemState::assigned) abandon(*copy, true, now);
}

void TaskMachine::was_split(const TaskRecord& task, const Moment& now) { drop_copy(task, now); }

}  // namespace mw::core
