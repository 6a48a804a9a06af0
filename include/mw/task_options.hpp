// What one task wants beyond its arguments.
//
// What:    TaskOptions: name, priority, retries, limits, data files.
// Owner:   a plain value; a task keeps a copy.
// Threads: a value.
// Use:
//     auto task = master.submit_task<fold>({.name = "1ubq", .priority = 5, .retries = 2, .hard_limit = std::chrono::minutes{10},
//                                           .files = {"structures/1ubq.pdb"}}, steps);
//
// Time limits. At the soft limit a task is asked to end: mw::should_stop() becomes true, and a Program gets SIGTERM;
// what it then returns is its result. At the hard limit its process group is killed; that is a fault of its own
// (Cause::time_limit). The clocks start when the task begins on its worker, anew for each attempt. A limit of a century
// or more means none. `serial`, which has one process only, ends the task in time but cannot stop the function: the
// next task waits for it.
//
// Two counters. A task's own faults (an exception, a program's exit status, a limit) are retried `retries` times. A
// worker that is lost under a task, for whatever reason, is no fault of the task: it runs again up to `max_losses`
// times. So does a task whose worker broke down just before the task began, as its message may have been the cause.
// Therefore a function may run more than once, even after it has returned, when its worker dies before the result has
// reached the master; but a task has one result at most.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace mw {

/// A file that a task needs. The task runs in a folder of its own that holds its files; they are to be read, not
/// written.
struct DataFile {
  /// Under its own name. Nothing is read here: submit_task checks that the file is there.
  DataFile(std::string from_) : from{std::move(from_)} {}
  /// The same.
  DataFile(const char* from_) : from{from_} {}
  /// Under another path in the task's folder.
  DataFile(std::string from_, std::string to_) : from{std::move(from_)}, to{std::move(to_)} {}

  std::string from;  ///< a regular file, on the master's machine; relative to the master's working directory
  std::string to;    ///< its path in the task's folder, relative and without ".."; empty: the file name of `from`
};

/// All of it may be left out. submit_task throws UsageError for a limit below 0, a soft limit after the hard one,
/// max_losses above 62, and a data file that is missing, cannot be read, or has a path outside the task's folder or one
/// that another file has.
struct TaskOptions {
  std::string name = {};                   ///< for people, in status and errors; empty: the function's name, or the program's path
  std::int32_t priority = 0;               ///< a waiting task of higher priority goes first; equal ones in the order of submission
  std::uint32_t retries = 0;               ///< how often it runs again after a fault of its own
  std::uint32_t max_losses = 3;            ///< how often it runs again after its worker was lost; at most 62
  std::chrono::nanoseconds soft_limit{0};  ///< when it is asked to end; 0: never
  std::chrono::nanoseconds hard_limit{0};  ///< when it is ended; 0: never
  /// Bytes that it may take beyond what its worker had before; 0: no limit. Beyond that an allocation fails, and
  /// std::bad_alloc ends the task with Cause::memory_limit. A Program may take that much in all. `serial` does not
  /// enforce it on functions.
  std::uint64_t memory_limit = 0;
  /// Read when an attempt is sent or begins, not at submission: they must stay there, unchanged, until the task is
  /// done.
  std::vector<DataFile> files = {};
};

}  // namespace mw
