// TaskMachine: its end in good order, and its pauses.
#include <mw/detail/task_access.hpp>

#include "core/machine.hpp"

namespace mw::core {

/// What was given to workers and is not known to have begun. The newest first: a worker begins the oldest.
std::vector<Handed> TaskMachine::unbegun() const {
  const std::vector<scheduler::Item*> given_out = scheduler_.assigned();
  std::vector<Handed> list;
  for (auto item = given_out.rbegin(); item != given_out.rend(); ++item) {
    TaskRecord& task = detail::record_of(**item);
    if (task.worker == any_worker || state_of(task) == TaskState::running) continue;
    list.push_back({TaskAccess::make(RecordPtr{&task}, task.attempt), task.worker});
  }
  return list;
}

std::vector<Handed> TaskMachine::stop() {
  is_stopping_ = true;
  return unbegun();
}

std::vector<Handed> TaskMachine::pause() {
  is_paused_ = true;
  return unbegun();
}

void TaskMachine::resume() noexcept {
  is_paused_ = false;
  wants_round_ = true;
}

}  // namespace mw::core
