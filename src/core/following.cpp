// TaskMachine: tasks whose first argument is another one's result.
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/machine.hpp"

namespace mw::core {

void TaskMachine::submit_after(TaskRecord& task, TaskRecord& first, const Moment& now) {
  tell([&](Observer& observer) { observer.submitted(task); });
  if (detail::is_done(state_of(first))) return follow(task, first, now);
  dependents_.hold(task, first);
}

/// `first` has ended: its result, in front of the arguments that the task has already, is what the task was called
/// with. (Arguments are encoded one behind the other, each as a result is.)
void TaskMachine::follow(TaskRecord& task, const TaskRecord& first, const Moment& now) {
  if (is_ending_) return end(task, TaskState::cancelled, failed(Cause::cancelled, "its master ended before it was done"), now);
  if (state_of(first) == TaskState::finished) {
    Bytes arguments = first.payload.clone();
    arguments.append(task.payload.data(), task.payload.size());
    task.payload = std::move(arguments);
    wants_round_ = true;
    return queue_new(task, now);
  }
  Outcome outcome;
  outcome.failure = first.find_extra() ? first.find_extra()->failure : Failure{};
  // In a chain of tasks the one that failed by itself is named, not all behind it.
  constexpr std::string_view has_none = ", whose result it takes, has none: ";
  if (outcome.failure->message.find(has_none) == std::string::npos)
    outcome.failure->message = fmt::format("task {} ({}){}{}", first.id, first.name(), has_none, outcome.failure->message);
  end(task, state_of(first), std::move(outcome), now);
}

/// One that cannot follow ends at once, and so may free others: one after the other, however long the chain is.
void TaskMachine::free_dependents(const TaskRecord& first, const Moment& now) {
  const RecordPtr kept{const_cast<TaskRecord*>(&first)};
  for (TaskRecord* task : dependents_.take(first)) freed_.emplace_back(task, kept);
  if (is_freeing_) return;
  is_freeing_ = true;
  for (std::size_t i = 0; i < freed_.size(); ++i) {
    const auto [task, its_first] = freed_[i];
    follow(*task, *its_first, now);
  }
  freed_.clear();
  is_freeing_ = false;
}

}  // namespace mw::core
