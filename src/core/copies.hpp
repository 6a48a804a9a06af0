// Second attempts at tasks that take too long where they are.
//
// What:    which record is the copy of which task. A task has one copy at a time.
// Owner:   keeps the copies; the tasks are the machine's, which takes a task's copy away before the task ends.
// Threads: one at a time.
// Use:
//     TaskRecord& copy = copies.make(task);
//     if (TaskRecord* task = copies.task_of(record)) …            // it is a copy
//     const RecordPtr copy = copies.take(task);                   // the task needs none any more
#pragma once

#include <unordered_map>

#include "core/record.hpp"

namespace mw::core {

using detail::TaskRecord;

/// Whether there may be a second attempt while this task runs. Not where what it does besides returning its result
/// could be done twice, or mixed up; programs write files, as a rule.
bool may_have_copy(const TaskRecord& task) noexcept;

class Copies {
 public:
  bool empty() const noexcept { return task_of_.empty(); }

  /// A record with the task's function, arguments and options.
  TaskRecord& make(TaskRecord& task);
  /// The task that this record is a copy of; null if it is none.
  TaskRecord* task_of(const TaskRecord& record) const noexcept {
    if (task_of_.empty()) return nullptr;
    const auto place = task_of_.find(&record);
    return place == task_of_.end() ? nullptr : place->second;
  }
  /// The copy of this task, which is none any more; null if it has none.
  RecordPtr take(const TaskRecord& task);

 private:
  std::unordered_map<const TaskRecord*, TaskRecord*> task_of_;  ///< by the copy
  std::unordered_map<const TaskRecord*, RecordPtr> copy_of_;    ///< by the task
};

}  // namespace mw::core
