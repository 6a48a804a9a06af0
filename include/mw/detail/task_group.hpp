// Some tasks of a master, as they are done.
//
// What:    TaskGroup: tasks join, or are submitted into it, each under an index; next() gives them in order of completion.
// Owner:   holds its tasks until they are given; those it submitted and that are not done are cancelled with it. Must not outlive
//          its master.
// Threads: one at a time.
// Use:     internal: as_completed.hpp, map.hpp.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include <mw/detail/record_ptr.hpp>
#include <mw/function.hpp>
#include <mw/task_options.hpp>

namespace mw::detail {

class MasterCore;

class TaskGroup {
 public:
  struct Entry {
    RecordPtr record;
    std::size_t index;
  };

  explicit TaskGroup(MasterCore& core);
  ~TaskGroup();
  TaskGroup(TaskGroup&&) noexcept;
  TaskGroup& operator=(TaskGroup&&) noexcept;

  /// Throws UsageError if the task is in another group, TaskError if it is no task of this master.
  void join(const RecordPtr& record, std::size_t index);
  /// A new task that no get_result() of all tasks hands out.
  void submit(const FunctionEntry& function, Bytes arguments, const TaskOptions& options, std::size_t index);
  /// Waits for the next one; nothing when all have come.
  std::optional<Entry> next();
  /// The next one if one is done now.
  std::optional<Entry> try_next();
  /// How many tasks the workers of this master run at a time, at least 1.
  std::size_t slots() const;

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

/// What the exception being handled says, as a Failure.
Failure describe_current_exception();

}  // namespace mw::detail
