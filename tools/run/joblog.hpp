// The log of a run's jobs, in the columns of GNU parallel's --joblog.
//
// What:    a line for each job that has ended, written in one go. read_joblog() says which jobs are done; a last line
//          without its end, as a kill leaves it, counts for nothing, and is taken off before the log goes on.
// Owner:   Joblog owns its file.
// Threads: one at a time.
// Use:
//     Joblog log{path, true};  log.add({.number = 1, …});
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "process/unique_fd.hpp"
#include "run/job.hpp"

namespace mw::run {

struct LoggedJob {
  std::uint64_t number = 0;
  std::string host;
  double started = 0;  ///< seconds since 1970
  double seconds = 0;
  std::uint64_t sent = 0, received = 0;  ///< bytes of stdin and stdout
  std::int32_t exit_status = 0;
  std::int32_t signal = 0;
  std::string command;
};

class Joblog {
 public:
  /// Throws InterfaceError if it cannot be written. `goes_on`: behind what is there.
  Joblog(const std::string& path, bool goes_on);
  void add(const LoggedJob& job);

 private:
  void write(const std::string& text) const;
  const std::string path_;
  process::UniqueFd file_;
};

/// What is logged of this one; `own_host` is shown as ":".
LoggedJob logged(std::uint64_t number, const Job& job, const Ran& ran, const std::string& own_host);

/// The numbers of those that need not run again; empty if there is no such file. Throws UsageError if it is no joblog.
std::set<std::uint64_t> done_in_joblog(const std::string& path, bool failed_run_again);

}  // namespace mw::run
