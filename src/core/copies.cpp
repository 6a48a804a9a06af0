#include "core/copies.hpp"

#include <utility>

#include <mw/function.hpp>
#include <mw/program.hpp>

namespace mw::core {

bool may_have_copy(const TaskRecord& task) noexcept {
  if (task.function == &detail::Registered<&detail::program_task>::entry) return false;
  const detail::TaskExtra* const extra = task.find_extra();
  if (!extra) return true;
  if (!extra->may_have_copy || extra->is_start) return false;
  const bool only_returns = extra->options.outputs.empty() && !extra->options.emit_stdout && !task.find_parts();
  return only_returns && extra->options.worker.empty() && extra->split_of == 0;
}

TaskRecord& Copies::make(TaskRecord& task) {
  RecordPtr copy{new TaskRecord{*task.function, task.payload.clone(), *task.owner}, false};
  copy->id = task.id;
  copy->submit_ns = task.submit_ns;
  copy->priority = task.priority;
  copy->kind = task.kind;
  copy->order = task.order;
  copy->handed_out = true;  // nobody asks for it
  detail::TaskExtra &own = copy->need_extra(), &extra = task.need_extra();
  own.may_have_copy = extra.may_have_copy = false;
  own.options = extra.options;
  own.needs = extra.needs;
  own.shared = extra.shared;
  own.start_values = extra.start_values;
  own.checkpoint = extra.checkpoint;
  task_of_[copy.get()] = &task;
  return *(copy_of_[&task] = std::move(copy));
}

RecordPtr Copies::take(const TaskRecord& task) {
  const auto place = copy_of_.find(&task);
  if (place == copy_of_.end()) return {};
  RecordPtr copy = std::move(place->second);
  copy_of_.erase(place);
  task_of_.erase(copy.get());
  return copy;
}

}  // namespace mw::core
