// Workers in their start function (MasterOptions::worker_start), which the task machine does not know of yet.
//
// What:    keeps, between a worker's joining and its first task, the one task that it is given then: the start call.
//          When that is done, the worker may join the machine. One in which it failed is of no use, and so is one whose
//          processes die of it again and again; why, is kept under the worker's name for as long as nothing better is
//          heard of it. **Pure**.
// Owner:   holds the records of the calls that are being made.
// Threads: one at a time (the master's loop).
// Use:
//     if (auto task = starts.begin(worker, info)) interface.execute_task(*task, worker);
//     …
//     if (auto started = starts.finished(task, outcome)) machine.worker_joined(started->worker, started->info, now);
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <mw/detail/start_call.hpp>
#include <mw/interface.hpp>

#include "core/record.hpp"
#include "core/worker_directory.hpp"

namespace mw::core {

class WorkerStarts {
 public:
  WorkerStarts(detail::StartCall call, detail::WorkerDirectory& directory) : call_{std::move(call)}, directory_{directory} {}

  /// Whether workers make a call before their first task.
  bool has_call() const noexcept { return call_.function != nullptr; }
  const detail::StartCall& call() const noexcept { return call_; }

  /// The worker is to make the call first. False if too many of its processes have died of it.
  bool begin(WorkerId worker, const WorkerInfo& info);
  /// The call, to be given to the worker now; nothing if it has it, rests, or is not in its start.
  std::optional<TaskRef> due(WorkerId worker);
  /// It has not begun the call, and will not. Returns the worker. Not of another task.
  WorkerId returned(const TaskRef& task);
  /// The worker takes nothing for now, or does again. False if it is not in its start.
  bool rest(WorkerId worker, bool rests);
  /// One that rests and has not made its call; any_worker if there is none.
  WorkerId waiting() const;
  /// Whether this is such a call, and the worker is still there.
  bool is_one(const TaskRef& task) const;

  struct Started {
    WorkerId worker;
    WorkerInfo info;
    bool rests = false;
  };
  /// The worker, if it is ready for tasks. Not of another task.
  std::optional<Started> finished(const TaskRef& task, const Outcome& outcome);
  /// Its process is gone; `how` says why, if it ran the call until then. A worker that is not in its start is no event.
  void left(WorkerId worker, const std::optional<std::string>& how);
  /// The interface is gone, and all of its workers.
  void clear();

  bool empty() const noexcept { return starting_.empty(); }
  /// Workers of no use.
  bool has_failed() const noexcept { return !failed_.empty(); }
  std::uint32_t failed_slots() const;
  /// "multicore worker 1: the start function … failed: …", of one of them.
  std::string first_failure() const;
  /// What it says of them in status.
  std::vector<WorkerReport> reports() const;

  /// How many processes of one worker may die in the call.
  static constexpr std::uint32_t most_deaths = 3;

 private:
  struct Starting {
    WorkerInfo info;
    RecordPtr record;
    bool has_it = false;
    bool rests = false;
  };
  struct Failed {
    std::string host, why;
    std::uint32_t slots;
  };
  using Place = std::map<WorkerId, Starting>::const_iterator;
  Place find(const TaskRef& task) const;
  void fail(const WorkerInfo& info, std::string why);

  const detail::StartCall call_;
  detail::WorkerDirectory& directory_;
  std::uint64_t last_id_ = std::uint64_t{1} << 62;  ///< beyond those of tasks
  std::map<WorkerId, Starting> starting_;
  std::map<std::string, std::uint32_t> deaths_;  ///< by name, one after the other
  std::map<std::string, Failed> failed_;         ///< by name
};

}  // namespace mw::core
