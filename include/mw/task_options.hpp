// What one task wants beyond its arguments.
//
// What:    TaskOptions: name, priority, worker, needs, retries, limits, data files, files that come back.
// Owner:   a plain value; a task keeps a copy.
// Threads: a value.
// Use:
//     auto task = master.submit_task<fold>({.name = "1ubq", .priority = 5, .retries = 2, .hard_limit = std::chrono::minutes{10},
//                                           .files = {"structures/1ubq.pdb"},
//                                           .outputs = {"energy.csv", {"frames/*.pdb", "frames/1ubq/"}}}, steps);
//
// Files that come back. A task with `outputs` works in a folder of its own. When its function has returned, the files
// that it names there are taken, and they are here, each whole and under its final name, when the task is done: a
// program that has its result has its files. What lies there already is replaced in one step, never written into. A
// task that fails, or is cancelled, and an attempt whose result is not taken any more, leave nothing. Executable files
// stay executable; apart from that their permissions are those of new files here (umask). A named file that is not
// there, a pattern that matches nothing, a file that is none (a link, a pipe, a device), more than `outputs_limit`
// bytes or 10,000 files, and a disk that is full, are errors of the task with Cause::output_file. Two tasks that name
// the same place: the file is the one's or the other's. In map(), all inputs of a chunk share a folder: set `chunk` to
// 1.
// On this machine a file costs a rename, or a copy where it goes to another file system. From other hosts, and from
// volunteers, files travel with the result, and are in memory on the way.
//
// One worker. A task with `worker` runs there and nowhere else. A process that died and its successor are one worker:
// the task goes to the successor, which knows nothing of what the other one knew. To name a successor and no other
// process, give the name that task.worker() has: "multicore worker 3 (process 2)". Where the interface chooses its
// workers by itself, as `boinc` does, only the name of the one worker that stands for all of them will do.
//
// What a worker must have. A task with `needs` runs on a worker that has them, whichever has room first. Workers that
// can do what others cannot are kept for tasks that need it: tasks without needs go to the others first, and of equal
// priority those that few workers can run go before those that all can. See docs/where-tasks-go.md.
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

#include <mw/needs.hpp>

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

/// A file, or all files of a pattern, that a task leaves in its folder, and where they go here.
struct OutputFile {
  /// To the same path as in the task's folder, in the master's working directory as it is at submission.
  OutputFile(std::string from_) : from{std::move(from_)} {}
  /// The same.
  OutputFile(const char* from_) : from{from_} {}
  /// To another place.
  OutputFile(std::string from_, std::string to_) : from{std::move(from_)}, to{std::move(to_)} {}

  /// A path in the task's folder, relative and without "..". In a pattern, `*` stands for any characters of one name,
  /// `?` for one of them, `[a-z]` and `[!a-z]` for one of a set (each up to a '/', and not for a dot that a name begins
  /// with), and `**` in place of a name for any folders, also none. Characters are bytes. A pattern names no data file
  /// of the task's, and no folders.
  std::string from;
  /// Where it goes, on the master's machine: absolute, or relative to the master's working directory. With a '/' at its
  /// end, a folder: the file goes there under its own name, or what a pattern matches under its path behind the
  /// pattern's last folder without a wildcard ("frames/*.png" to "pictures/": pictures/0001.png). A pattern needs such
  /// a '/'. Folders are made as needed. Empty: the same path as in `from`.
  std::string to;
};

/// All of it may be left out. submit_task throws UsageError for a limit or an interval below 0, a soft limit after the
/// hard one, max_losses above 62, a label that is none, a data file that is missing, cannot be read, or has a path
/// outside the task's folder or one that another file has, and an output with a path outside the task's folder, a
/// pattern that is none, or a place that is a folder or another output's.
struct TaskOptions {
  std::string name = {};  ///< for people, in status and errors; empty: the function's name, or the program's path
  /// A waiting task of higher priority goes first. Equal ones go in the order of submission; where there are several
  /// workers, long ones of another function that wait behind many short ones are begun so early that they do not end
  /// last.
  std::int32_t priority = 0;
  /// The only worker that it may run on, by its name in Master::workers(); empty: any. It waits for that worker, also
  /// while it starts or is replaced; with a name that no worker has, or that of one that is gone for good, it ends with
  /// Cause::no_worker. See above.
  std::string worker = {};
  /// What its worker must have: cores, memory, GPUs, labels. It waits until such a worker has room; where none has that
  /// much, and none can join, it ends with Cause::no_worker. A master takes 1,000 different ones, so round sizes that
  /// were measured.
  Needs needs = {};
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
  /// The files that come back; see above.
  std::vector<OutputFile> outputs = {};
  std::uint64_t outputs_limit = std::uint64_t{1} << 30;  ///< bytes that they may have together, 1 GiB
  /// Work in a new, empty folder, which goes with the task. Tasks with `files` or `outputs` do in any case; others work
  /// where their worker does: on this machine, in the working directory that the program was started in.
  bool own_folder = false;
  /// What it prints to stdout is emitted while it runs, besides being kept: Master::parts_of<std::string> reads it,
  /// whole lines at a time, 16 MiB of it at most. Of a Program that is its stdout, unless that goes to a file. Such a
  /// task emits nothing else but strings. A C++ stream with a buffer of its own (sync_with_stdio(false)) is seen when
  /// it is flushed. On `serial`, which has one process only, and on `boinc` it comes when the task has ended.
  bool emit_stdout = false;
  /// Whether a journal or a cache (MasterOptions::journal, cache) remembers its result. False for a task that is run
  /// for its effect, or whose result is another one each time and must be new.
  bool remember = true;
  /// How long lies between two checkpoints that are kept, at least (mw/checkpoint.hpp). The first is due when this time
  /// is over, too; 0: each one is kept. A volunteer's client has its own.
  std::chrono::nanoseconds checkpoint_interval{std::chrono::seconds{1}};
};

}  // namespace mw
