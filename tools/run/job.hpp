// One job of mw run: what travels to a worker, what comes back, and the task between the two.
//
// What:    run_job() starts the command, with its output in files: nothing has to be carried between two processes
//          while it runs. What it wrote comes back as text, or, where worker and master are on one machine and it is
//          much, as the name of the file.
// Owner:   a job that names files leaves them to the master.
// Threads: run_jobs() once at a time in a process, as tasks do.
// Use:
//     master.submit_task<run_jobs>(jobs)
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "run/command_template.hpp"

namespace mw::run {

struct Job {
  std::vector<std::string> words;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> places;  ///< where the number of its place goes
  bool for_shell = false;                                       ///< the only word is a command line for a shell
  std::string input;                                            ///< its stdin
  std::string folder;                                           ///< where it works; empty: where its worker does
  std::vector<std::pair<std::string, std::string>> environment;
  std::uint64_t timeout_ms = 0;  ///< 0: none
  std::uint64_t memory = 0;      ///< bytes; 0: no limit
  std::int32_t nice = 0;
  bool is_live = false;           ///< what it writes is emitted, line by line, as Lines, and does not come back at the end
  std::string spool;              ///< a folder of the master's for large output
  std::uint64_t spool_inode = 0;  ///< by which a worker knows that it sees that folder, and no other of its name
};

/// What a job has written, while it runs.
struct Lines {
  bool is_err = false;
  std::string text;
};

struct Ran {
  std::int32_t exit_status = 0;
  std::int32_t signal = 0;
  bool timed_out = false;
  std::string out, err;            ///< what it wrote …
  std::string out_file, err_file;  ///< … or the file that has it
  std::uint64_t live_size = 0;     ///< bytes of its stdout that were emitted
  std::string trouble;             ///< why it could not be started; exit_status is 127 then, or 126
  std::int64_t started_ns = 0;     ///< since 1970
  std::int64_t ran_ns = 0;
  std::string host;
  std::vector<std::string> words;  ///< as it was run

  bool is_good() const noexcept { return exit_status == 0 && signal == 0 && !timed_out && trouble.empty(); }
};

Ran run_job(const Job& job);
/// One after the other; those of which the result says nothing have not begun, as the ones before took long.
std::vector<Ran> run_jobs(const std::vector<Job>& jobs);

/// The inode of a folder; 0 if there is none.
std::uint64_t inode_of_folder(const std::string& path) noexcept;

}  // namespace mw::run
