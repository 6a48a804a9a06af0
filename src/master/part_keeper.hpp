// What tasks emit, in their records.
//
// What:    an observer of the task machine that marks the values of an attempt which comes to nothing.
// Owner:   nothing; records have the values.
// Threads: the master's loop.
// Use:
//     machine.add_observer(keeper);
//     PartKeeper::keep(task, std::move(value));
#pragma once

#include <utility>

#include <mw/detail/task_access.hpp>

#include "core/observer.hpp"

namespace mw::detail {

class PartKeeper final : public core::Observer {
 public:
  /// Of the attempt that is current.
  static void keep(const TaskRef& task, Bytes value) {
    TaskAccess::record(task)->need_parts().add(task.attempt(), std::move(value));
  }

  void queued_again(const TaskRecord& task, core::Again, bool, const core::Moment&) noexcept override { fail_parts_of(task); }
  void ended(const TaskRecord& task, TaskState state, const core::Moment&) noexcept override {
    if (state != TaskState::finished) fail_parts_of(task);
  }

 private:
  static void fail_parts_of(const TaskRecord& task) {
    if (PartList* const parts = task.find_parts()) parts->fail(task.attempt.load(std::memory_order_relaxed));
  }
};

}  // namespace mw::detail
