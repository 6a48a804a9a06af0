// The intake: the master's tasks come in, and their ends go back.
//
// What:    a task becomes a row with its message, and its data files are copied into the download folder; a task that
//          an earlier, killed run of the program had submitted is found again, with its result if there is one. What
//          takes long of that is done beside the loop, and the task comes in when it is done.
// Owner:   keeps a TaskRef for each open task.
// Threads: the server's; take() and drop() inside a transaction.
// Use:
//     intake.take(task);
//     if (TaskRef task = intake.release(end.task)) …
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <boost/unordered/unordered_flat_map.hpp>

#include <mw/interface.hpp>

#include "boinc/server/assimilator.hpp"
#include "boinc/server/preparation.hpp"
#include "boinc/server/project.hpp"
#include "boinc/server/shared_copies.hpp"
#include "boinc/server/side_thread.hpp"
#include "boinc/server/transitioner.hpp"

namespace mw::boinc {

class Intake {
 public:
  /// Runs a call inside a transaction of its own.
  using Write = std::function<void(const std::function<void()>& call)>;

  Intake(Project& project, Transitioner& transitioner, SideThread& side, Write write);

  void take(const TaskRef& task);
  void drop(const TaskRef& task);
  /// The open task of this row; it is open no more. Empty if nobody waits for it.
  TaskRef release(std::int64_t row);
  /// The same, and it stays open.
  TaskRef find(std::int64_t row) const;
  /// `call` gets the row and the task of each that has come in.
  template <class Call>
  void for_each_open(const Call& call) const {
    for (const auto& [row, task] : open_) call(row, task);
  }
  /// With those that are being prepared.
  std::size_t open_count() const noexcept { return open_.size() + coming_.size(); }

 private:
  void enter(const TaskRef& task, const Prepared& ready);
  /// Whether the task has an end, or will have one.
  bool ends_again(const TaskRef& task, const KnownTask& known);
  void read_aside(const TaskRef& task, std::int64_t row, StoredEnd stored);
  Bytes message_of(const TaskRef& task, const std::vector<std::string>& numbers) const;
  std::string store_file(const PreparedFile& file);
  void open(const TaskRef& task, std::int64_t row);
  void end_at_once(const TaskRef& task, Failure failure);

  Project& project_;
  Transitioner& transitioner_;
  SideThread& side_;
  const Write write_;
  SharedCopies shared_;
  boost::unordered_flat_map<std::int64_t, TaskRef> open_;
  boost::unordered_flat_map<std::uint64_t, std::int64_t> rows_;  ///< by the task's number
  boost::unordered_flat_map<std::uint64_t, TaskRef> coming_;     ///< those that are being prepared, by their numbers
  std::int64_t last_rowless_ = 0;                                ///< stands for the row of a task that could not be stored
  std::uint64_t preparations_ = 0;
};

}  // namespace mw::boinc
