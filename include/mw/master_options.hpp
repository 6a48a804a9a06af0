// How a master works.
//
// What:    MasterOptions: which worker gets which task, and what each worker does first.
// Owner:   a plain value; the master keeps a copy.
// Threads: `scheduler_func` is called on the master's loop, one call at a time.
// Use:
//     mw::MasterOptions options;
//     options.scheduler_func = [](const mw::TaskHandle& task, std::span<const mw::WorkerView> free) -> std::optional<std::size_t> {
//       for (std::size_t i = 0; i < free.size(); ++i)
//         if (free[i].host == "gpu1" || task.name() != "render") return i;
//       return std::nullopt;                                  // wait for another worker
//     };
//     options.worker_start<load_table>("table.bin");            // once in each worker process, before its first task
//     mw::Master master{mw::interface("multicore:8"), options};
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <mw/detail/start_call.hpp>
#include <mw/interface.hpp>
#include <mw/task.hpp>
#include <mw/timeout.hpp>

namespace mw {

/// A worker with a free slot, among which a SchedulerFunc chooses.
struct WorkerView {
  WorkerId id = any_worker;  ///< its number within the master
  std::string name;          ///< "multicore worker 3"
  std::string host;          ///< the machine it is on
  Resources resources = {};  ///< its cores, memory, GPUs and labels
};

/// Which of the free workers, of which there is at least one, runs the task: its index in `free`, or nothing to let the
/// task wait. Of a task with needs, `free` has those that meet them. It is called on the master's loop for each waiting
/// task, in order, whenever a worker has room; so it should be quick, should seldom refuse, and may neither wait for a
/// result nor cancel. An exception, or an index out of range, ends the task with Cause::interface_error. (PyMW's
/// scheduler_func.)
using SchedulerFunc = std::function<std::optional<std::size_t>(const TaskHandle& task, std::span<const WorkerView> free)>;

/// Which of the workers that have room gets the next task, where there is no scheduler_func.
enum class Placement : std::uint8_t {
  /// The least loaded one. A worker that is known to be slow gets none of the last tasks (interfaces over a network),
  /// and nothing is put behind a task that takes long.
  by_speed,
  /// Each in turn, whatever it took for the tasks that it had: the next one that has a free slot.
  round_robin,
};

/// When a result is safe in the journal, against the loss of power as well.
enum class JournalSync : std::uint8_t {
  soon,    ///< within 100 ms after get_result() could return it, on a disk that is not overloaded
  always,  ///< before get_result() returns it; each takes as long as the disk takes for one commit
};

/// What a master may be told at its construction.
struct MasterOptions {
  /// Empty: as `placement` says. Needs an interface whose workers the master chooses among (Scheduling::by_master).
  SchedulerFunc scheduler_func = {};
  Placement placement = Placement::by_speed;
  /// When tasks have waited for this long because scheduler_func names none of the free workers, while nothing runs
  /// that could change its mind, it is asked again; if they still wait, a warning on stderr says so, then again after
  /// twice that time. That is no error: the worker that it waits for may be on its way.
  std::chrono::milliseconds warn_after{10'000};
  /// How many bytes of what tasks have emitted (mw::emit) may wait to be read. What is above that is dropped, with a
  /// warning, and so is what else its task emits; whoever reads that task's parts gets an error in their place.
  std::uint64_t most_unread_parts = std::uint64_t{1} << 30;

  /// Near the end, when no task waits and a worker on another machine has nothing to do, a call that has taken twice as
  /// long as others of its function, and 0.3 s at least, or that runs on a worker which is known to be slow, is begun a
  /// second time there. The first result counts, and the other attempt is ended; `Status::copies` counts them. Not for
  /// programs, and tasks that are for one worker, emit parts, or bring files back; `boinc` does so in its own way.
  /// False: never, where a function may not run twice at the same time (it may run again in any case, when its worker
  /// is lost).
  bool copy_stragglers = true;

  /// A file in which tasks' results are kept, so that this program, started again after its end, a crash or a loss of
  /// power, goes on where it was: a task of the same function, with the same arguments, submitted as often as before,
  /// ends at once with the result that it had; all others run. Empty: none. See docs/reliability.md for what counts as
  /// the same, and what is not kept: errors, tasks that emit parts, calls of objects, and TaskOptions::remember. It is
  /// made if it is not there, and is one master's at a time. The constructor throws JournalError if it cannot be used.
  /// A task that had not finished begins with the last checkpoint that it saved, if it did (mw/checkpoint.hpp).
  std::string journal = {};
  JournalSync journal_sync = JournalSync::soon;

  /// A file in which results are kept from run to run: a call of the same function, of the same build of the program,
  /// with the same arguments, is not made again, but ends at once with the result that it had. Empty: none. For
  /// functions whose results depend on nothing but their arguments; cache_only() names them, TaskOptions::remember
  /// leaves a task out. It may be the journal's file, or one that several programs use at the same time. What is over
  /// its limits goes, what was used longest ago first. The constructor throws JournalError if it cannot be used.
  std::string cache = {};
  std::uint64_t cache_bytes = std::uint64_t{1} << 30;          ///< how much its results may have together
  std::chrono::hours cache_age = std::chrono::hours{24 * 90};  ///< how long after its last use a result is kept
  /// From now on the cache is for this function, and for others that are named so; for all, if none is.
  template <auto F>
  MasterOptions& cache_only() {
    cache_functions.push_back(detail::Registered<F>::checked().id());
    return *this;
  }
  std::vector<std::uint64_t> cache_functions = {};  ///< what cache_only() has set

  /// Where a browser may watch this master while it works: "127.0.0.1:0" (an address and a port; 0: any that is free).
  /// A line on stderr says at which address it is to be seen, with the key that it takes to change anything. Empty:
  /// nowhere. Other addresses than this machine's own let others read what the tasks are called and how they fare; see
  /// docs/seeing.md. What watches never holds up a task. The constructor throws InterfaceError if it cannot listen.
  std::string dashboard = {};
  /// A file that the same page is written to when the master ends, with all that it showed, for later. Empty: none.
  std::string report = {};
  /// A file of all that tasks did, and when, on which worker, for the Perfetto or Chrome trace viewer; written anew.
  /// What cannot be written as fast as it comes is left out, and counted; see docs/seeing.md. Empty: none. The
  /// constructor throws InterfaceError if it cannot be opened.
  std::string trace = {};

  /// If set: Ctrl-C (SIGINT), SIGTERM and SIGHUP stop this master, as Master::stop() with this patience does, where
  /// nobody else handles or ignores them; stderr is told how many tasks may finish. A second signal ends the process as
  /// it would have without a master. Without it, the first one does so.
  std::optional<Timeout> stop_on_signals = {};

  /// f(args…) runs once in each new worker process, before its first task: to load or connect what tasks then find in
  /// static variables, or to change what a task's changes are put back to (environment, handlers, working directory).
  /// Its result is dropped, and so is what it prints, unless it fails. A worker in which it throws gets no tasks;
  /// status and a warning say why, and when there is no other worker, tasks end with Cause::no_worker. It may take as
  /// long as it likes. A process that dies in it is replaced; after the third one its worker gets no tasks. On `boinc`,
  /// and other interfaces that choose their workers by themselves, it runs when a process's first task comes; where it
  /// throws, that task goes to another host, as if its worker had been lost. On `serial` it runs once in this process.
  /// Called again, it takes the place of the call before. Throws as submit_task. (Pool's initializer in Python.)
  template <auto F, class... Given>
  MasterOptions& worker_start(Given&&... given) {
    start = detail::start_call<F>(std::forward<Given>(given)...);
    return *this;
  }
  detail::StartCall start = {};  ///< what worker_start() has set
};

}  // namespace mw
