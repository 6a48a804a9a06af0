// TaskMachine: its end in good order.
#include <mw/detail/task_access.hpp>

#include "core/machine.hpp"

namespace mw::core {

/// The newest first: a worker begins the oldest.
std::vector<Handed> TaskMachine::stop() {
  is_stopping_ = true;
  const std::vector<scheduler::Item*> given_out = scheduler_.assigned();
  std::vector<Handed> unbegun;
  for (auto item = given_out.rbegin(); item != given_out.rend(); ++item) {
    TaskRecord& task = detail::record_of(**item);
    if (task.worker == any_worker || state_of(task) == TaskState::running) continue;
    unbegun.push_back({TaskAccess::make(RecordPtr{&task}, task.attempt), task.worker});
  }
  return unbegun;
}

}  // namespace mw::core
