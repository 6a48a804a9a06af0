// Some tasks of a master, as they are done.
//
// What:    TaskGroup: tasks join, or are submitted into it, each under an index; next() gives them in order of
//          completion.
// Owner:   holds its tasks until next() gives them; when it goes, tasks that it submitted and that are not done are
//          cancelled. It must not outlive its master.
// Threads: one at a time.
// Use:     internal: as_completed.hpp, map.hpp.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include <mw/detail/record_ptr.hpp>
#include <mw/function.hpp>
#include <mw/task_options.hpp>
#include <mw/timeout.hpp>

namespace mw::detail {

class MasterCore;

class TaskGroup {
 public:
  /// A task that is done, and the index that it joined under.
  struct Entry {
    RecordPtr record;
    std::size_t index;
  };

  explicit TaskGroup(MasterCore& core);
  ~TaskGroup();
  TaskGroup(TaskGroup&&) noexcept;
  TaskGroup& operator=(TaskGroup&&) noexcept;

  /// Adds a task. Throws UsageError if it is in another group, TaskError if it is no task of this master.
  void join(const RecordPtr& record, std::size_t index);
  /// Submits a new task into the group; the get_result() of all tasks does not hand it out. Throws as
  /// Master::submit_task.
  void submit(const FunctionEntry& function, EncodedArguments arguments, const TaskOptions& options, std::size_t index);
  /// Waits for the next one; nothing when all have come. Throws TimeoutError if the deadline comes first,
  /// InterfaceError if the interface has failed.
  std::optional<Entry> next(const Deadline& deadline = {});
  /// The next one if one is done now; never waits.
  std::optional<Entry> try_next();
  /// How many tasks the workers of this master run at a time, at least 1.
  std::size_t slots() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// What the exception being handled says, as a Failure.
Failure describe_current_exception();

}  // namespace mw::detail
