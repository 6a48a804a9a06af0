// TaskMachine: where a task is that is known by its number.
#include "core/machine.hpp"

namespace mw::core {

std::optional<Whereabouts> TaskMachine::find(std::uint64_t id, std::size_t most) const {
  for (scheduler::Item* item : scheduler_.assigned()) {
    const TaskRecord& task = detail::record_of(*item);
    if (task.id != id || copies_.task_of(task)) continue;
    const bool runs = detail::state_of(task) == TaskState::running;
    return Whereabouts{&task, runs ? Whereabouts::runs : Whereabouts::is_at_worker};
  }
  if (dependents_.size() <= most)
    for (const auto& [task, first] : dependents_.pairs())
      if (task->id == id) return Whereabouts{task, Whereabouts::waits_for_task, 0, first};
  std::size_t before = 0;
  for (WaitingTasks waiting = waiting_tasks(); const TaskRecord* task = waiting.next(); ++before) {
    if (before >= most) break;
    if (task->id == id) return Whereabouts{task, Whereabouts::waits, before};
  }
  before = 0;
  for (const auto& [key, lane] : scheduler_.lanes())
    for (const scheduler::Item* item = key.name.empty() ? nullptr : lane.front(); item; item = lane.after(*item)) {
      if (before++ >= most) return std::nullopt;
      const TaskRecord& task = static_cast<const TaskRecord&>(*item);
      if (task.id == id) return Whereabouts{&task, Whereabouts::waits, before - 1};
    }
  return std::nullopt;
}

}  // namespace mw::core
