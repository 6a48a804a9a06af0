// The workers that a master has had, and how each fares.
//
// What:    counts for each worker what it has done and what was lost under it, knows what it runs, and puts that
//          together with what its interface says of it. A worker that leaves and one of the same name that comes later
//          are one: a process and its successor. Counting here, it is the same on every interface.
// Owner:   the master; an observer of its task machine. Refers to records only while the machine has them in hand.
// Threads: the machine's.
// Use:
//     machine.add_observer(list);
//     status.workers = list.statuses(interface.report_workers(), now);
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <unordered_map>
#include <vector>

#include <mw/interface.hpp>
#include <mw/status.hpp>

#include "core/observer.hpp"
#include "core/worker_directory.hpp"

namespace mw::core {

class WorkerList final : public Observer {
 public:
  /// Times count from `born_ns` on.
  WorkerList(const detail::WorkerDirectory& directory, std::int64_t born_ns) : directory_{directory}, born_ns_{born_ns} {}

  void started(const TaskRecord& task, WorkerId worker, const Moment&) noexcept override;
  void done(const TaskRecord& task, const Outcome& how, const Moment&) noexcept override;
  void lost(const TaskRecord& task, const Outcome& what, const Moment&) noexcept override;
  void queued_again(const TaskRecord& task, Again, bool was_running, const Moment&) noexcept override;
  void ended(const TaskRecord& task, TaskState, const Moment&) noexcept override;
  void copy_started(const TaskRecord& copy, WorkerId worker, const Moment& now) noexcept override;
  void overtaken(const TaskRecord& task) noexcept override;
  void copy_ended(const TaskRecord& copy, CopyEnd, const Outcome* how, const Moment& now) noexcept override;
  void worker_joined(WorkerId worker, const WorkerInfo& info, const Moment& now) noexcept override;
  void worker_left(WorkerId worker, const Moment&) noexcept override;

  /// All of them, in the order in which they came; behind them those that only the interface knows of.
  std::vector<WorkerStatus> statuses(const std::vector<WorkerReport>& reports, const Moment& now) const;
  /// How many cores they may use, on all hosts of those that have not left; 0 where no interface has said.
  std::uint32_t cores() const;

 private:
  struct Entry {
    WorkerInfo info;
    bool is_there = true;
    bool lost_a_task = false;  ///< the process that is there, or was last
    std::vector<const TaskRecord*> running;
    std::uint64_t done = 0;
    std::uint64_t lost = 0;
    std::chrono::nanoseconds busy_time{0};
    std::optional<std::chrono::nanoseconds> ready_after;
  };
  using Place = std::list<Entry>::iterator;

  static constexpr std::size_t most_gone = 1000;

  static WorkerStatus status_of(const Entry& entry, const Moment& now);
  Entry* find(WorkerId worker);
  Entry* worker_of(const TaskRecord& task);
  void no_longer_runs(const TaskRecord& task);

  const detail::WorkerDirectory& directory_;
  const std::int64_t born_ns_;
  std::list<Entry> entries_;
  std::unordered_map<std::uint32_t, Place> there_;  ///< by the worker's number
  std::deque<Place> gone_;                          ///< those that went first, first
};

}  // namespace mw::core
