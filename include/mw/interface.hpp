// The interface seam: what a backend implements, and what it may call.
//
// What:    Interface is a backend. Its one duty is execute_task(): take this task, and some time later call
//          host.task_finished() with its result or failure. Everything else has a useful default.
// Owner:   the master owns the interface; the host outlives it. A TaskRef keeps its task alive.
// Threads: the master calls every member of Interface on its loop, one call at a time; none may block. The loop has a thread of its
//          own, in which start() runs; a user's thread that waits for a result may run the loop in its place.
//          Every member of InterfaceHost may be called from any thread, except where it says otherwise.
// Use:     interfaces/serial is the worked example, interfaces/README.md the guide.
//     class Echo : public mw::Interface {
//       void execute_task(const mw::TaskRef& task, mw::WorkerId) override {
//         host().task_finished(task, mw::run_here(task));        // blocks the loop: fine for a test, see serial for better
//       }
//     };
//     mw::Master master{std::make_unique<Echo>()};
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <mw/bytes.hpp>
#include <mw/detail/record_ptr.hpp>
#include <mw/error.hpp>
#include <mw/task_options.hpp>

namespace boost::asio {
class io_context;
}

namespace mw {

/// A worker as the host numbers it. A number is never used again, so that a word from a dead worker cannot be taken for one
/// of its successor's.
enum class WorkerId : std::uint32_t {};
inline constexpr WorkerId any_worker{0};
constexpr std::uint32_t index_of(WorkerId worker) noexcept { return static_cast<std::uint32_t>(worker); }

/// A task as a backend sees it: bytes, and what to call with them. One attempt at it: what comes back for an earlier attempt
/// is ignored. Cheap to copy.
class TaskRef {
 public:
  TaskRef() = default;
  TaskRef(detail::RecordPtr record, std::uint32_t attempt) : record_{std::move(record)}, attempt_{attempt} {}

  std::uint64_t id() const noexcept;                           ///< number within its master, from 1
  std::uint32_t attempt() const noexcept { return attempt_; }  ///< 1 for the first start
  std::uint64_t function_id() const noexcept;                  ///< what a worker looks the function up by
  std::string_view function_name() const noexcept;
  const TaskOptions& options() const noexcept;
  /// The encoded arguments. Valid until this attempt is reported finished or lost.
  std::span<const std::byte> arguments() const noexcept;

  /// The shared memory that the arguments are in; null if they are elsewhere.
  detail::SharedBlock* block() const noexcept;

  explicit operator bool() const noexcept { return static_cast<bool>(record_); }
  const detail::RecordPtr& record() const noexcept { return record_; }

 private:
  detail::RecordPtr record_;
  std::uint32_t attempt_ = 0;
};

/// How an attempt came to its end.
struct Outcome {
  Bytes value;                           ///< the encoded result; empty where there is a failure
  std::optional<Failure> failure;        ///< empty where there is a result
  std::string out;                       ///< what the task printed to stdout
  std::string err;                       ///< … and to stderr
  std::chrono::nanoseconds run_time{0};  ///< as the worker measured it
};

/// A task whose worker died under it, and what is known of that.
struct LostTask {
  TaskRef task;
  Outcome outcome;
};

/// Calls the task's function in this thread and catches what it throws: for backends that run tasks in the master's process.
Outcome run_here(const TaskRef& task);

/// What a worker says of itself when it joins.
struct WorkerInfo {
  std::string name;  ///< for people: "multicore worker 3"; the master adds which process of that name it is, from the second on
  std::string host;  ///< the machine it is on
  std::uint32_t slots = 1;  ///< how many tasks it runs at a time, at least 1
  /// How many more it may hold behind those, so that it need not wait for the next one. The master gives it that many only of tasks
  /// that are known to be short, and asks them back with revoke_task() when one takes longer.
  std::uint32_t ahead = 0;
  /// How long it waits, about, from the end of a task to the next one, if that does not lie ahead. Where this is not 0, one task of
  /// any known length is sent ahead, and asked back when another worker has nothing to do.
  std::chrono::nanoseconds round_trip{0};
};

/// What execute_task() throws when it is handed a worker that the interface does not know. Says so in the interface's words. The
/// master forgets that worker, and its tasks go elsewhere as if they had never been given out.
class UnknownWorker : public InterfaceError {
 public:
  using InterfaceError::InterfaceError;
};

/// An interface's own status: keys are snake_case. Keys that every interface shares, where it has them: "workers" and
/// "workers_busy" (integers, how many there are and how many of them have work), "workers_lost" (integer, since the start).
using StatusValue = std::variant<bool, std::int64_t, double, std::string>;
using StatusMap = std::map<std::string, StatusValue>;

/// What a backend may ask of its master.
class InterfaceHost {
 public:
  virtual ~InterfaceHost() = default;

  /// The worker began to run the task. Sets its state and start time.
  virtual void task_started(const TaskRef& task, WorkerId worker) = 0;
  /// `fraction` of the task is done, 0 to 1; other values are ignored.
  virtual void task_progress(const TaskRef& task, double fraction) = 0;
  /// The attempt is over. Called twice for one attempt, or for an attempt that was given up, it does nothing.
  virtual void task_finished(const TaskRef& task, Outcome outcome) = 0;
  /// The worker died under the task: it runs again elsewhere, or ends with this failure if that happened too often. For workers
  /// that never joined; see worker_left() for those that did.
  virtual void task_lost(const TaskRef& task, Outcome outcome) = 0;
  /// No worker has begun this attempt and none will: it goes elsewhere, as if it had never been given out. For interfaces whose
  /// revoke_task() can not tell at once.
  virtual void task_returned(const TaskRef& task) = 0;

  /// A worker that tasks may be given to from now on; `info.slots` at a time. For interfaces that let the master schedule. From another
  /// thread than the loop's: a task may come with the number before this returns, so hold the lock that execute_task() takes.
  virtual WorkerId worker_joined(WorkerInfo info) = 0;
  /// The worker takes no more tasks. Those it was running, in `lost`, fare as with task_lost(); those it was given and had not
  /// begun go elsewhere and count no loss. May be called before the loop has come to hear of worker_joined(), and again: a worker that
  /// has left is not there, whatever comes in what order.
  virtual void worker_left(WorkerId worker, std::vector<LostTask> lost) = 0;
  /// No worker can run anything, now or later: every waiting task, and every later one, ends with Cause::no_worker and `why`.
  virtual void no_worker_possible(std::string why) = 0;
  /// The interface is broken for good. Tasks stay as they are, queued again if they were running, for another interface
  /// (Master::set_interface); who waits for one gets an InterfaceError with `why`. Workers that have not left yet leave now.
  virtual void interface_failed(std::string why) = 0;
  /// reserve_worker() said no before and may say yes now.
  virtual void room_available() = 0;

  /// Runs `call` on the loop, soon.
  virtual void post(std::function<void()> call) = 0;
  /// The same, in the thread that lives as long as the master: for what is tied to its thread, such as a child process with a
  /// death signal (prctl(2), PR_SET_PDEATHSIG).
  virtual void post_to_thread(std::function<void()> call) = 0;
  /// The loop itself, for backends with sockets and timers. To be used on the loop only.
  virtual boost::asio::io_context& io() = 0;
};

/// Who decides which worker gets a task.
enum class Scheduling : std::uint8_t {
  by_interface,  ///< the interface, in reserve_worker(); it need not announce its workers
  by_master,     ///< the master, among the workers that joined
};

class Interface {
 public:
  virtual ~Interface() = default;

  /// Runs the task, and calls host().task_finished() when it is over. Returns at once. An exception ends the task with
  /// Cause::interface_error; an UnknownWorker sends it elsewhere.
  virtual void execute_task(const TaskRef& task, WorkerId worker) = 0;

  /// Which worker takes this task: a worker of this interface, any_worker ("hand it over, I find one"), or nothing while
  /// there is no room; then the master asks again after the next finished task, or room_available().
  virtual std::optional<WorkerId> reserve_worker(const TaskRef&) { return any_worker; }

  /// What there is to know about this interface; see StatusMap.
  virtual StatusMap get_status() { return {}; }

  /// Takes back a task that execute_task() was given and no worker has begun. True: it will not run, and nothing will be reported
  /// of it. False: it has begun, or nobody can tell yet; see InterfaceHost::task_returned().
  virtual bool revoke_task(const TaskRef&, WorkerId) { return false; }

  /// The task has ended as far as its master is concerned (it was cancelled, or ran out of time): stop it, and report its end as
  /// that of any task, which frees its slot. Where that is not possible, let it run.
  virtual void abort_task(const TaskRef&, WorkerId) {}

  /// Comes after one or several calls of the three above: what they have put off, to do it in one go, is due now.
  virtual void flush() {}

  virtual Scheduling scheduling() const { return Scheduling::by_interface; }

  /// How many tasks its workers run at a time once all of them are there; where nobody can know, a guess. Programs cut their work
  /// into so many parts, before the workers are ready. Asked after start().
  virtual std::uint32_t expected_slots() const noexcept { return 1; }

  /// "multicore": for people and for status.
  virtual std::string name() const { return "custom"; }

  /// Starts what it needs to start. An exception ends the construction of the master; what was started before it is stop()'s to end.
  virtual void start() {}

  /// Winds down: no task matters any more. Calls `stopped` when nothing of it runs, in any thread, once. Called once, after a start()
  /// that threw, too.
  virtual void stop(std::function<void()> stopped) { std::move(stopped)(); }

  /// The master this interface serves. Set before start().
  InterfaceHost& host() const noexcept { return *host_; }
  void set_host(InterfaceHost& host) noexcept { host_ = &host; }

 private:
  InterfaceHost* host_ = nullptr;
};

/// An interface by its name: "serial", "multicore", "multicore:8". Throws UsageError that names what would be right.
std::unique_ptr<Interface> interface(std::string_view spec);

/// The same with a number of workers, 1 or more, as -n gives it. Throws UsageError if `spec` says another number, or if the
/// interface cannot have that many.
std::unique_ptr<Interface> interface(std::string_view spec, std::uint64_t workers);

/// The names that interface() knows in this build, in the order of the documentation.
std::vector<std::string> interface_names();

/// How each of them is written: "serial", "multicore[:N]", …
std::vector<std::string> interface_forms();

}  // namespace mw
