// Some tasks of a master, as they are done.
//
// What:    TaskGroup: tasks join, or are submitted into it, each under an index; next() gives them in order of
//          completion.
// Owner:   holds its tasks until next() gives them; when it goes, tasks that it submitted and that are not done are
//          cancelled. It must not outlive its master.
// Threads: one at a time.
// Use:     internal: as_completed.hpp, map.hpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
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
  /// Submits a new task into the group; the get_result() of all tasks does not hand it out. A task of map() says how
  /// many inputs it has, and which is the first. Throws as Master::submit_task.
  void submit(const FunctionEntry& function, EncodedArguments arguments, const TaskOptions& options, std::size_t index,
              std::uint64_t first = 0, std::uint64_t inputs = 0);
  /// How many inputs a task of this group had that began with this one, when the program ran before; 0 where the
  /// master's journal does not know.
  std::uint64_t inputs_before(const FunctionEntry& function, std::uint64_t first);
  /// Waits for the next one; nothing when all have come. Throws TimeoutError if the deadline comes first,
  /// InterfaceError if the interface has failed.
  std::optional<Entry> next(const Deadline& deadline = {});
  /// The next one if one is done now; never waits.
  std::optional<Entry> try_next();
  /// Waits until try_next() or take_split() has something; false if the deadline comes first. Throws InterfaceError if
  /// the interface has failed, Error if nothing is on its way.
  bool wait(const Deadline& deadline);

  /// A task, a chunk of map(), that has only the first `kept` of its inputs from now on.
  struct Split {
    std::size_t index;
    std::uint32_t kept;
  };
  /// When this task, which is not done, began to run; nothing if it has not.
  std::optional<std::chrono::steady_clock::time_point> start_time(std::size_t index) const;
  /// Asks the worker that runs this task, a chunk of map(), to keep what it has begun of it, and no more.
  void split(std::size_t index);
  /// The next task of which this has become known. To be asked before try_next(); never waits.
  std::optional<Split> take_split();

  /// How many tasks the workers of this master run at a time, at least 1.
  std::size_t slots() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// What the exception being handled says, as a Failure.
Failure describe_current_exception();

}  // namespace mw::detail
