// Tasks that wait for another task's result.
//
// What:    which tasks wait for which one. A task waits for one other at most.
// Owner:   keeps the task that is waited for. Of those that wait it keeps nothing: they are the machine's, as all are.
// Threads: one at a time.
// Use:
//     dependents.hold(task, first);
//     for (TaskRecord* task : dependents.take(first)) …      // first has ended
#pragma once

#include <cstddef>
#include <unordered_map>
#include <vector>

#include "core/record.hpp"

namespace mw::core {

using detail::TaskRecord;

class Dependents {
 public:
  bool empty() const noexcept { return first_of_.empty(); }
  std::size_t size() const noexcept { return first_of_.size(); }

  /// `task` waits for `first`, which has not ended.
  void hold(TaskRecord& task, TaskRecord& first);
  /// Those that wait for this one, in the order in which they came; they wait no more.
  std::vector<TaskRecord*> take(const TaskRecord& first);
  /// It waits no more. False if it did not wait.
  bool remove(TaskRecord& task);
  /// Each that waits, and what it waits for, in no order.
  const std::unordered_map<const TaskRecord*, const TaskRecord*>& pairs() const noexcept { return first_of_; }
  /// All that wait, in no order.
  std::vector<TaskRecord*> all() const;

 private:
  struct Waiting {
    RecordPtr first;
    std::vector<TaskRecord*> tasks;
  };
  std::unordered_map<const TaskRecord*, Waiting> waiting_;             ///< by the task that is waited for
  std::unordered_map<const TaskRecord*, const TaskRecord*> first_of_;  ///< by the task that waits
};

}  // namespace mw::core
