// mw run: a command for each input, on any interface.
//
// What:    reads inputs as workers have room, submits a job for each, prints what came of it, and writes the log.
// Owner:   owns the master, a folder for large outputs, and the log.
// Threads: main's.
// Use:
//     return run(plan);
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <mw/master_options.hpp>
#include <mw/needs.hpp>

#include "app/stopping.hpp"
#include "run/inputs.hpp"

namespace mw::run {

struct RunPlan {
  std::vector<std::string> command;  ///< empty: each input is a command line for a shell
  InputPlan inputs;
  bool for_shell = false;
  bool is_pipe = false;  ///< stdin is cut into blocks, which jobs have as their stdin
  std::size_t block = std::size_t{1} << 20;
  std::string interface;              ///< empty: every core
  std::optional<std::uint64_t> jobs;  ///< how many at a time
  bool keep_order = false;
  bool tag = false;
  bool line_buffer = false;
  bool dry_run = false;
  bool shows_progress = false;
  bool never_shows_progress = false;
  std::string joblog;
  bool resume = false, resume_failed = false;
  std::string journal;  ///< a file that knows how jobs ended; empty: none
  MasterOptions watch;  ///< its dashboard, report and trace
  std::uint32_t tries = 1;
  std::string timeout;  ///< seconds, or "200%" of the median
  double delay = 0;     ///< seconds
  std::string halt = "never";
  std::string results;
  std::vector<std::string> files, outputs;  ///< paths, in which the same may stand as in the command
  std::vector<std::string> environment;     ///< NAME or NAME=VALUE
  std::string folder;
  std::uint64_t memory = 0;  ///< bytes
  Needs needs;               ///< of each job
  int nice = 0;
  double load = 0;  ///< 0: whatever it is
  app::StopTerms stop{.grace = Timeout::max()};
};

/// Returns the exit status: 0, how many jobs failed, 101 for more than 100, 128 and the number of the signal that has
/// stopped it. Throws UsageError, InterfaceError.
int run(const RunPlan& plan);

}  // namespace mw::run
