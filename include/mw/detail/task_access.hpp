// What the library may do with a TaskRef, and a backend need not.
//
// What:    makes one of a record and an attempt, and gives them back.
// Owner:   nothing of its own.
// Threads: any.
// Use:     internal.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <mw/detail/archive.hpp>
#include <mw/interface.hpp>

namespace mw {

class TaskAccess {
 public:
  static TaskRef make(RecordPtr record, std::uint32_t attempt) { return {std::move(record), attempt}; }
  static const RecordPtr& record(const TaskRef& task) noexcept { return task.record_; }
  /// False for most: it wants nothing beyond its arguments.
  static bool has_terms(const TaskRef& task) noexcept;
  /// The shared memory that the arguments are in; null if they are elsewhere.
  static memory::SharedBlock* block(const TaskRef& task) noexcept;
  /// Where a worker on this machine is to make a folder for this attempt's output files; empty if the task has none.
  static std::string outputs_folder(const TaskRef& task);
  /// The values that the arguments refer to; valid as long as these.
  static const detail::SharedList& shared(const TaskRef& task) noexcept;
  /// How many of them, the last, are a call that the worker makes first, unless it has made it; 0: there is none.
  static std::uint32_t start_values(const TaskRef& task) noexcept;
  /// Whether there is nothing to do but that call.
  static bool is_start(const TaskRef& task) noexcept;
  /// What it saved last, for its next attempt; null: nothing. On the loop only.
  static const std::shared_ptr<const Bytes>& checkpoint(const TaskRef& task) noexcept;
};

}  // namespace mw
