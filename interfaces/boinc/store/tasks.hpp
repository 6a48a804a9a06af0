// The master's tasks, as the server keeps them.
//
// What:    a task waits, is in a workunit, or is done; and it is known again when the same program submits it after a
//          restart.
// Owner:   refers to the database.
// Threads: the server's; inside a transaction.
// Use:
//     const std::int64_t id = tasks.add(message, {.function = f, .priority = 0});
//     for (const WaitingTask& task : tasks.waiting(10)) …
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mw/bytes.hpp>

#include "sqlite/database.hpp"

namespace mw::boinc {

enum class TaskStage : std::int64_t { waiting = 0, in_workunit = 1, done = 2, dropped = 3 };

struct NewTask {
  std::uint64_t function = 0;
  std::int64_t priority = 0;
  std::string files = {};  ///< ids of its data files, each with a blank behind it
  // The bundle that it is by itself, in a file, where its arguments are large: then the message is a digest of it.
  std::int64_t input_nbytes = 0;
  std::string input_md5 = {};
};

struct WaitingTask {
  std::int64_t id = 0;
  std::uint64_t function = 0;
  std::string files;
  Bytes message;
  std::int64_t input_nbytes = 0;
  std::string input_md5;
};

/// A task of the run before, found again.
struct KnownTask {
  std::int64_t id = 0;
  TaskStage stage = TaskStage::waiting;
  std::int64_t workunit = 0;
  std::int64_t position = 0;
};

struct TaskPlace {
  TaskStage stage = TaskStage::dropped;
  std::int64_t workunit = 0;
  bool has_large_input = false;
};

class Tasks {
 public:
  explicit Tasks(sqlite::Database& database);

  /// From now on nobody waits for any task: the master is another one.
  void disown_all();
  /// From the database: after what was written was undone.
  void count_again();
  bool has_unclaimed() const noexcept { return unclaimed_ > 0; }
  /// The oldest unclaimed task with this message, now claimed.
  std::optional<KnownTask> claim(sqlite::Blob message);
  std::int64_t add(sqlite::Blob message, const NewTask& task);

  /// The next tasks of one function: of the first that waits. Only claimed ones. One with a file of its own comes
  /// alone.
  std::vector<WaitingTask> next(std::size_t most, std::size_t most_bytes);
  void put(std::int64_t id, std::int64_t workunit, std::size_t position);
  void set_stage(std::int64_t id, TaskStage stage);
  std::optional<TaskPlace> find(std::int64_t id);
  std::uint64_t waiting_count() const noexcept { return waiting_; }

 private:
  sqlite::Database& database_;
  sqlite::Statement insert_, claim_, mark_claimed_, next_, put_, set_stage_, find_;
  std::uint64_t waiting_ = 0;  ///< claimed ones
  std::int64_t unclaimed_ = 0;
};

}  // namespace mw::boinc
