// What tasks emit, in their records.
//
// What:    an observer of the task machine that marks the values of an attempt which comes to nothing. It looks on from
//          the first value on, so that tasks which emit nothing cost nothing.
// Owner:   nothing; records have the values.
// Threads: the master's loop.
// Use:
//     keeper.keep(task, std::move(value));
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include <mw/detail/task_access.hpp>

#include "core/machine.hpp"
#include "log/log.hpp"

namespace mw::detail {

class PartKeeper final : public core::Observer {
 public:
  PartKeeper(core::TaskMachine& machine, std::uint64_t limit) : machine_{machine}, limit_{limit} {}

  /// Of the attempt that is current.
  void keep(const TaskRef& task, Bytes value) {
    if (!std::exchange(looks_on_, true)) machine_.add_observer(*this);
    TaskRecord& record = *TaskAccess::record(task);
    if (!record.need_parts(unread_).add(task.attempt(), std::move(value), limit_))
      log::warn(
          fmt::format("what task {} ({}) emits is not kept any more: {:.3g} MiB of what tasks have emitted wait to be read "
                      "(parts_of; MasterOptions::most_unread_parts)",
                      record.id, record.name(), static_cast<double>(limit_) / (1 << 20)));
  }

  void queued_again(const TaskRecord& task, core::Again, bool, const core::Moment&) noexcept override { fail_parts_of(task); }
  void ended(const TaskRecord& task, TaskState state, const core::Moment&) noexcept override {
    if (state != TaskState::finished) fail_parts_of(task);
  }

 private:
  static void fail_parts_of(const TaskRecord& task) {
    if (PartList* const parts = task.find_parts()) parts->fail(task.attempt.load(std::memory_order_relaxed));
  }

  core::TaskMachine& machine_;
  const std::uint64_t limit_;
  const UnreadBytes unread_ = std::make_shared<std::atomic<std::uint64_t>>(0);
  bool looks_on_ = false;
};

}  // namespace mw::detail
