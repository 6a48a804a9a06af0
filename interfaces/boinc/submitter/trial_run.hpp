// How long a task runs, from running one here.
//
// What:    the worker build for this machine computes one task in a folder of its own, as a volunteer's would; what
//          comes of it is not used.
// Owner:   the folder and what runs there end with the call.
// Threads: one at a time; the call blocks, at most for the time that is given.
// Use:
//     const TrialRun trial{find_own_build(workers, "monte_pi"), folder};
//     const std::optional<double> seconds = trial.seconds(task, {"/data/genome"});
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <mw/interface.hpp>

namespace mw::boinc {

/// The worker build that this machine can run; empty if there is none.
std::string find_own_build(const std::string& workers, const std::string& program);

class TrialRun {
 public:
  TrialRun(std::string build, std::string folder) : build_{std::move(build)}, folder_{std::move(folder)} {}

  /// `files` are the task's data files, in its own order. At least `longest` for one that takes longer; nothing where
  /// it cannot be known: there is no build, or the task failed.
  std::optional<double> seconds(const TaskRef& task, const std::vector<std::string>& files,
                                std::chrono::seconds longest = std::chrono::seconds{5}) const;

 private:
  const std::string build_;
  const std::string folder_;
};

}  // namespace mw::boinc
