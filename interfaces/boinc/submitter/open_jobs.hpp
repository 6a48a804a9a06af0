// The jobs that a project has, or will have, and whose tasks are in them.
//
// What:    finds the job of a task and the tasks of a job; tells the master what became of the tasks when their job has
//          ended.
// Owner:   the submitter; refers to its sink.
// Threads: the submitter's.
// Use:
//     jobs.enter(job, batch.name);
//     jobs.end(std::move(end));                 // its tasks have ended, and the sink has heard of it
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "boinc/submitter/route.hpp"
#include "boinc/submitter/submitter.hpp"

namespace mw::boinc {

class OpenJobs {
 public:
  explicit OpenJobs(SubmitterSink& sink) : sink_{sink} {}

  void enter(const Job& job, const std::string& batch);
  bool contains(const std::string& job) const { return open_.contains(job); }
  bool empty() const noexcept { return open_.empty(); }
  std::size_t size() const noexcept { return open_.size(); }
  std::size_t tasks() const noexcept { return places_.size(); }
  std::size_t running() const;
  std::uint64_t done() const noexcept { return done_; }
  std::uint64_t failed() const noexcept { return failed_; }
  std::set<std::string> batches() const;
  /// (job, batch) of each.
  std::vector<std::pair<std::string, std::string>> names() const;

  /// The tasks of those that are not known to run, which count as not wanted for this run: what becomes of them in the
  /// project is the next run's.
  std::vector<TaskRef> give_back();
  /// Whether its end is waited for.
  bool is_awaited(const std::string& job) const;

  /// Whether that is news.
  bool begin(const std::string& job);
  /// Whether it was open.
  bool end(JobEnd end);
  /// The project does not take it: its tasks end.
  void refuse(const std::string& job, const std::string& why);
  /// The project does not take it because of some of its tasks: those end for which `why` has a reason, the others are
  /// given back.
  std::vector<TaskRef> take_apart(const std::string& job, const std::function<std::string(const TaskRef&)>& why);
  /// Nobody wants these tasks any more. (job, batch) of those that nobody waits for now.
  std::vector<std::pair<std::string, std::string>> give_up(const std::vector<TaskRef>& tasks);

 private:
  struct OpenJob {
    std::string batch;
    std::vector<TaskRef> tasks;  ///< empty ones are not wanted any more
    bool is_running = false;
    bool is_given_back = false;
  };
  void end_well(const OpenJob& job, const Bytes& answer);
  void end_all(const OpenJob& job, Cause cause, const std::string& why);
  void end_task(const TaskRef& task, Cause cause, const std::string& why);

  SubmitterSink& sink_;
  std::unordered_map<std::string, OpenJob> open_;                                  ///< by the job's name
  std::unordered_map<std::uint64_t, std::pair<std::string, std::size_t>> places_;  ///< by the task's number
  std::uint64_t done_ = 0, failed_ = 0;
};

}  // namespace mw::boinc
