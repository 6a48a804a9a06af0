// Runs a program to its end, with input and output.
//
// What:    run_program(): stdin is fed while stdout and stderr are read.
// Owner:   the program and its pipes live and end inside the call.
// Threads: any; the call blocks.
// Use:
//     ProgramRun run = run_program("/bin/cat", {}, input);
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "process/child.hpp"
#include "process/group_guard.hpp"

namespace mw::process {

struct ProgramRun {
  std::string out;  ///< all of stdout
  std::string err;  ///< the last 64 KiB of stderr
  Death death;
  bool out_of_time = false;  ///< killed at its hard deadline
};

struct ProgramTerms {
  /// Gets SIGTERM. These two are on the steady clock less time_stopped(), as it is then.
  std::optional<std::chrono::steady_clock::time_point> terminate_at;
  std::optional<std::chrono::steady_clock::time_point> kill_at;       ///< gets SIGKILL
  std::uint64_t memory = 0;                                           ///< bytes of data it may have (RLIMIT_DATA); 0: no limit
  std::string working_directory = {};                                 ///< empty: this process's
  std::vector<std::pair<std::string, std::string>> environment = {};  ///< set besides this process's variables
  int stdin_fd = -1;                                                  ///< what it reads in place of the input; the caller's
  int stdout_fd = -1;                                    ///< where its output goes; then `out` stays empty; the caller's
  int stderr_fd = -1;                                    ///< the same for `err`
  std::function<void(std::string_view)> on_stdout = {};  ///< gets what is read of its stdout, as it comes
  std::function<void(std::string_view)> on_stderr = {};
  bool keeps_output = true;  ///< `out` and `err` hold it, too
  /// It gets a process group of its own, which gets its signals, too; what is left of it when the program has ended is
  /// killed.
  bool own_group = false;
  /// Holds the number of that group while the program runs, in shared memory (Command::group_note); null: nobody asks.
  std::atomic<std::uint32_t>* group_note = nullptr;
  GroupGuard* guard = nullptr;  ///< ends the group with this process; null: nobody does
};

/// Returns when the program has ended and what it wrote is read; a process that it left behind with its pipes open is
/// not waited for. A program that does not read its input is fine. It is killed with this thread.
/// Throws StartError if it cannot be started.
ProgramRun run_program(const std::string& path, const std::vector<std::string>& arguments, std::span<const std::byte> input,
                       const ProgramTerms& terms = {});

}  // namespace mw::process
