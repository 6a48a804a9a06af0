// Tasks become jobs.
//
// What:    puts tasks of one function and priority together, up to a sensible run time, which it learns from running
//          one of them here; copies their data files.
// Owner:   the copies lie in its folder.
// Threads: the submitter's.
// Use:
//     std::vector<RefusedTask> refused;
//     for (Job& job : maker.make(std::move(tasks), refused)) …
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include <mw/boinc_project.hpp>

#include "boinc/submitter/route.hpp"
#include "boinc/submitter/trial_run.hpp"

namespace mw::boinc {

/// A task that cannot travel.
struct RefusedTask {
  TaskRef task;
  Outcome outcome;
};

class JobMaker {
 public:
  /// Names of jobs begin with `prefix`, those of data files with `data_prefix`. `folder` is for the copies. `trial`
  /// says how long tasks run of which nobody has said it.
  JobMaker(const BoincProjectOptions& options, std::string prefix, std::string data_prefix, std::string folder, TrialRun trial);

  std::vector<Job> make(const std::vector<TaskRef>& tasks, std::vector<RefusedTask>& refused);
  /// Which of the task's data files or shared values is among these of the project's files, for people; empty: none.
  std::string part_among(const TaskRef& task, const std::set<std::string>& files) const;
  /// The copy of a data file.
  std::string path_of(const std::string& data_file) const { return folder_ + "/" + data_file; }

 private:
  struct Prepared {
    TaskRef task;
    std::vector<std::string> files;
  };
  /// How a file was when it was copied.
  struct Known {
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t changed_ns = 0;
    std::string name;
  };

  std::string store_file(const std::string& path);
  bool is_among(const std::string& path, const std::set<std::string>& files) const;
  /// A task's, as far as it is known.
  std::optional<double> seconds_of(std::uint64_t function, const std::vector<Prepared>& tasks);
  std::size_t size_for(std::optional<double> seconds, std::size_t waiting) const;
  Job make_job(const std::vector<Prepared>& tasks);

  const double workunit_s_;
  const std::size_t tasks_per_workunit_;
  const double stated_s_;  ///< a task's; 0: not stated
  const std::size_t most_bytes_;
  const std::string prefix_;
  const std::string data_prefix_;
  const std::string folder_;
  const TrialRun trial_;
  std::unordered_map<std::string, Known> known_files_;                ///< by path
  std::unordered_map<std::uint64_t, std::optional<double>> seconds_;  ///< by function; nothing: it was tried, and cannot be known
  std::unordered_map<std::string, unsigned> times_made_;              ///< by the MD5 of the bundle
};

}  // namespace mw::boinc
