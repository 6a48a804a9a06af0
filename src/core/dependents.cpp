#include "core/dependents.hpp"

#include <algorithm>
#include <utility>

namespace mw::core {

void Dependents::hold(TaskRecord& task, TaskRecord& first) {
  Waiting& waiting = waiting_[&first];
  if (!waiting.first) waiting.first = RecordPtr{&first};
  waiting.tasks.push_back(&task);
  first_of_[&task] = &first;
}

std::vector<TaskRecord*> Dependents::take(const TaskRecord& first) {
  const auto place = waiting_.find(&first);
  if (place == waiting_.end()) return {};
  std::vector<TaskRecord*> tasks = std::move(place->second.tasks);
  waiting_.erase(place);
  for (const TaskRecord* task : tasks) first_of_.erase(task);
  return tasks;
}

bool Dependents::remove(TaskRecord& task) {
  const auto place = first_of_.find(&task);
  if (place == first_of_.end()) return false;
  const auto first = waiting_.find(place->second);
  std::erase(first->second.tasks, &task);
  if (first->second.tasks.empty()) waiting_.erase(first);
  first_of_.erase(place);
  return true;
}

std::vector<TaskRecord*> Dependents::all() const {
  std::vector<TaskRecord*> tasks;
  tasks.reserve(first_of_.size());
  for (const auto& [first, waiting] : waiting_) tasks.insert(tasks.end(), waiting.tasks.begin(), waiting.tasks.end());
  return tasks;
}

}  // namespace mw::core
