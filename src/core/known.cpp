// TaskMachine: what is known of a task from before it runs: its result, or how far it came.
#include <memory>
#include <utility>

#include <mw/detail/task_access.hpp>

#include "core/machine.hpp"

namespace mw::core {

/// It waits for a worker, unless its result is known.
void TaskMachine::queue_new(TaskRecord& task, const Moment& now) {
  for (KnownResults* const memory : known_) {
    KnownResults::Known known = is_ending_ ? KnownResults::Known{} : memory->find(task);
    if (known.outcome) {
      task.schedule = scheduler::ItemState::done;
      return end(task, TaskState::finished, std::move(*known.outcome), now);
    }
    if (known.checkpoint) task.need_extra().checkpoint = std::move(known.checkpoint);
  }
  if (detail::TaskExtra* const extra = task.find_extra()) extra->needs = scheduler_.class_of(extra->options.needs);
  scheduler_.submit(task);
}

/// A copy has begun where the task was; how far it comes is nobody's business unless it ends first.
void TaskMachine::checkpointed(const TaskRef& task, Bytes state) {
  TaskRecord& record = *TaskAccess::record(task);
  if (!is_current(task) || copies_.task_of(record)) return;
  auto& kept = record.need_extra().checkpoint;
  kept = std::make_shared<const Bytes>(std::move(state));
  tell([&](Observer& observer) { observer.checkpointed(record, kept); });
}

}  // namespace mw::core
