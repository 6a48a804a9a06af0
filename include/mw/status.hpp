// What a master knows of itself.
//
// What:    Status: a picture of a master and its interface at one moment.
// Owner:   a plain value.
// Threads: any.
// Use:
//     mw::Status status = master.get_status();
//     std::cerr << status.running << " of " << status.tasks << " run\n" << status.to_json() << '\n';
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <mw/interface.hpp>

namespace mw {

/// How the tasks of one function, or of one name, fare.
struct FunctionStatus {
  std::string name;             ///< TaskOptions::name if the tasks have one, else the function's, or the program's path
  std::uint64_t finished = 0;   ///< tasks with a result
  std::uint64_t errors = 0;     ///< tasks that ended without one
  std::uint64_t cancelled = 0;  ///< tasks that were cancelled
  double total_seconds = 0;     ///< spent in finished tasks, as the workers measured it
  double max_seconds = 0;       ///< of the longest of them
  double min_seconds = 0;       ///< of the shortest
  double p50_seconds = 0;       ///< half of them took no longer, to within 7 %
  double p99_seconds = 0;       ///< 99 % of them took no longer, to within 7 %
};

/// What tasks have counted under one name, or timed (mw/measure.hpp). Of tasks that have ended with a result or an
/// error; of each, the attempt that did.
struct MeasureStatus {
  std::string name;
  bool is_time = false;     ///< mw::time_block, in seconds; else mw::count
  std::uint64_t count = 0;  ///< how often
  double sum = 0;           ///< of all values
  double min = 0, max = 0;  ///< the least and the greatest
  double p50 = 0, p99 = 0;  ///< to within 7 %
};

/// A task that a worker runs.
struct RunningTask {
  std::uint64_t id = 0;                  ///< number within its master, from 1
  std::string name;                      ///< TaskOptions::name, or the function's
  std::chrono::nanoseconds run_time{0};  ///< since it began there
};

/// One worker. Those that have the same name, one after the other, are one: a process that died, and its successor.
struct WorkerStatus {
  std::string name;          ///< "multicore worker 3", as TaskOptions::worker takes it
  std::string host;          ///< the machine it is on; empty while that is not known
  std::string platform;      ///< "Linux-x86_64"; empty where its interface does not say
  std::string version;       ///< of what runs the tasks there; empty where its interface does not say
  std::uint32_t pid = 0;     ///< its process, on its host; 0 where its interface does not say
  std::uint32_t slots = 0;   ///< how many tasks it runs at a time; 0 while that is not known
  Resources resources = {};  ///< what it has for itself; a worker that is not there yet has nothing
  WorkerState state = WorkerState::starting;
  std::string note;                       ///< why, for people: "its process ended with signal 9"
  std::vector<RunningTask> running;       ///< the tasks that it has begun, oldest first
  std::uint64_t done = 0;                 ///< attempts that came to their end there: a result, or a failure of the task's own
  std::uint64_t lost = 0;                 ///< attempts under which it died
  std::chrono::nanoseconds busy_time{0};  ///< spent in those that are done, as the worker measured it
  std::optional<std::chrono::nanoseconds> ready_after;  ///< from the making of the master until it was first ready
};

/// What Master::get_status() returns, of one moment. Counts are of tasks unless they say otherwise, times in seconds.
struct Status {
  std::uint64_t tasks = 0;      ///< ever submitted; the five states below add up to it
  std::uint64_t submitted = 0;  ///< waiting, or in a worker's queue
  std::uint64_t running = 0;    ///< begun by a worker
  std::uint64_t finished = 0;   ///< ended with a result
  std::uint64_t errors = 0;     ///< ended without one
  std::uint64_t cancelled = 0;  ///< cancelled
  std::uint64_t unread = 0;     ///< done, and kept because no get_result has handed it out
  std::uint64_t found = 0;      ///< ended with a result that was in the journal, or the cache; they count as finished, too
  std::uint64_t attempts = 0;   ///< how often a task was handed to a worker, copies not counted
  std::uint64_t retries = 0;    ///< how often a task ran again after a fault of its own
  std::uint64_t lost = 0;       ///< how often a worker died under a task
  std::uint64_t copies = 0;   ///< how often a task that took long was begun a second time besides (MasterOptions::copy_stragglers)
  double seconds = 0;         ///< since the master was made
  double ready_seconds = -1;  ///< from then to the first worker that was ready; -1 while there is none
  /// How long it took until a worker was ready, since the master was made, on average over all workers that the
  /// interface starts; one that is still starting counts up to now. With N workers that are ready after t1, …, tN
  /// seconds, N * (t - mean(t1, …, tN)) worker-seconds were available at time t, so work that began before the last one
  /// was ready is counted for what it is. 0 where workers come and go as they like.
  double start_up_seconds = 0;
  std::vector<FunctionStatus> functions;  ///< names of tasks beyond the first thousand count under their functions

  std::vector<MeasureStatus> measures;  ///< counts by name, then times
  bool is_paused = false;               ///< Master::pause(): no task begins

  /// All workers that the master has had, in the order in which they came, and those that are on their way; of those
  /// that left, the last 1,000. Tasks of an interface that names no workers are done by one that stands for it. Empty
  /// if the interface blocks the loop.
  std::vector<WorkerStatus> workers;
  /// How many cores they may use, on all their hosts; where their interface does not say, as many as this process may.
  std::uint32_t cores = 0;

  std::string interface_name;    ///< Interface::name()
  std::string interface_status;  ///< "ok" or "error"
  std::string interface_error;   ///< why it is "error": what get_status() threw, or which key breaks the schema
  StatusMap interface;           ///< the interface's own keys; see StatusMap. Empty on error.

  /// How many workers are there: idle, busy or stopped.
  std::size_t ready_workers() const noexcept;
  /// How many are in this state.
  std::size_t workers_that_are(WorkerState state) const noexcept;

  /// All of it as one JSON object, in UTF-8.
  std::string to_json() const;
};

/// What is wrong with an interface's own keys, in words: one that is not snake_case, a number that is not finite, a
/// text that is not UTF-8. Empty if nothing is wrong. Any thread.
std::string schema_error(const StatusMap& status);

}  // namespace mw
