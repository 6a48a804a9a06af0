// The intake: the master's tasks come in, and their ends go back.
//
// What:    a task becomes a row with its message, and its data files are copied into the download folder; a task that an earlier,
//          killed run of the program had submitted is found again, with its result if there is one.
// Owner:   keeps a TaskRef for each open task.
// Threads: the server's; take() and drop() inside a transaction.
// Use:
//     intake.take(task);                                    // throws for a task that can not travel
//     if (TaskRef task = intake.release(end.task)) …
#pragma once

#include <cstdint>
#include <string>

#include <boost/unordered/unordered_flat_map.hpp>

#include <mw/interface.hpp>

#include "boinc/server/project.hpp"
#include "boinc/server/transitioner.hpp"

namespace mw::boinc {

class Intake {
 public:
  Intake(Project& project, Transitioner& transitioner) : project_{project}, transitioner_{transitioner} {}

  void take(const TaskRef& task);
  void drop(const TaskRef& task);
  /// The open task of this row; it is open no more. Empty if nobody waits for it.
  TaskRef release(std::int64_t row);
  /// The same, and it stays open.
  TaskRef find(std::int64_t row) const;
  std::size_t open_count() const noexcept { return open_.size(); }

 private:
  Bytes message_of(const TaskRef& task, std::string& files);
  std::string store_file(const std::string& path);
  void end_at_once(const TaskRef& task, std::int64_t row, Failure failure);

  Project& project_;
  Transitioner& transitioner_;
  boost::unordered_flat_map<std::int64_t, TaskRef> open_;
  boost::unordered_flat_map<std::uint64_t, std::int64_t> rows_;  ///< by the task's number
  std::int64_t last_rowless_ = 0;                                ///< stands for the row of a task that could not be stored
};

}  // namespace mw::boinc
