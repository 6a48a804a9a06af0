// The interface seam: what a backend implements, and what it may call.
//
// What:    Interface is a backend. Its one duty is execute_task(): take this task, and some time later call
//          host.task_finished() with its result or failure. Everything else has a useful default.
// Owner:   the master owns the interface; the host outlives it. A TaskRef keeps its task alive.
// Threads: the master calls every member of Interface on its loop, one call at a time; none may block. Exceptions are
//          scheduling(), name(), and the constructor, which any thread may call. The loop has a thread of its own, in
//          which start() runs; a user's thread that waits for a result may run the loop in its place. Every member of
//          InterfaceHost may be called from any thread, except where it says otherwise, and none blocks.
// Use:     interfaces/serial is the worked example, interfaces/README.md the guide.
//     class Echo : public mw::Interface {
//       void execute_task(const mw::TaskRef& task, mw::WorkerId) override {
//         host().task_finished(task, mw::run_here(task));        // blocks the loop: fine for a test, see serial for
//         better
//       }
//     };
//     mw::Master master{std::make_unique<Echo>()};
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <mw/bytes.hpp>
#include <mw/detail/record_ptr.hpp>
#include <mw/error.hpp>
#include <mw/shared_input.hpp>
#include <mw/task_options.hpp>

namespace boost::asio {
class io_context;
}

namespace mw {

/// A worker as its master numbers it, from 1. A number is never used again, so that a word from a dead worker cannot be
/// taken for one of its successor's.
enum class WorkerId : std::uint32_t {};
/// No worker in particular: the interface finds one.
inline constexpr WorkerId any_worker{0};
/// The number, for tables and messages.
constexpr std::uint32_t index_of(WorkerId worker) noexcept { return static_cast<std::uint32_t>(worker); }

/// One attempt at a task, as a backend sees it: bytes, and what to call with them. What comes back for an attempt that
/// is no longer the current one is ignored. Cheap to copy; a copy keeps the task alive. Members but `bool` are not to
/// be called on an empty one. Any thread may read it.
class TaskRef {
 public:
  TaskRef() = default;

  std::uint64_t id() const noexcept;                           ///< number within its master, from 1
  std::uint32_t attempt() const noexcept { return attempt_; }  ///< 1 for the first start
  std::uint64_t function_id() const noexcept;                  ///< what a worker looks the function up by
  std::string_view function_name() const noexcept;             ///< qualified, with parameter types
  const TaskOptions& options() const noexcept;                 ///< as they were submitted; valid as long as this
  /// The encoded arguments. Valid until this attempt is reported finished or lost.
  std::span<const std::byte> arguments() const noexcept;
  /// The shared values that the arguments refer to, by their place in this list; empty for most tasks. A worker must be
  /// able to read their bytes. Valid as long as arguments().
  std::vector<SharedInput> shared() const;

  /// Whether it refers to a task.
  explicit operator bool() const noexcept { return static_cast<bool>(record_); }
  /// The same attempt at the same task.
  bool operator==(const TaskRef&) const = default;

 private:
  friend class TaskAccess;  // what the library itself may do with it
  TaskRef(RecordPtr record, std::uint32_t attempt) : record_{std::move(record)}, attempt_{attempt} {}

  RecordPtr record_;
  std::uint32_t attempt_ = 0;
};

/// How an attempt came to its end.
struct Outcome {
  Bytes value;                           ///< the encoded result; empty where there is a failure
  std::optional<Failure> failure;        ///< empty where there is a result
  std::string out;                       ///< what the task printed to stdout
  std::string err;                       ///< … and to stderr
  std::chrono::nanoseconds run_time{0};  ///< as the worker measured it
  std::vector<Bytes> parts = {};         ///< what it emitted and task_part() has not told, encoded, in order
  std::unique_ptr<Bytes> measured = {};  ///< what it counted and timed (mw/measure.hpp), encoded; mostly null
};

/// A task whose worker died under it, and what is known of that.
struct LostTask {
  TaskRef task;
  Outcome outcome;
};

/// Calls the task's function in this thread, and returns its result or, as a Failure, what it threw: for backends that
/// run tasks in the master's process. Returns when the function does. Any thread.
Outcome run_here(const TaskRef& task);

/// What a worker says of itself when it joins.
struct WorkerInfo {
  /// For people: "multicore worker 3"; the master adds which process of that name it is, from the second on.
  std::string name = {};
  std::string host = {};    ///< the machine it is on
  std::uint32_t slots = 1;  ///< how many tasks it runs at a time, at least 1
  /// How many more it may hold behind those (prefetch), so that it need not wait for the next one. The master gives it
  /// that many only of tasks that are known to be short, and recalls them with revoke_task() when one takes longer.
  std::uint32_t ahead = 0;
  /// How long it waits, about, from the end of a task to the next one if that was not prefetched. Where this is not 0,
  /// one task of any known length is prefetched, and recalled when another worker has nothing to do.
  std::chrono::nanoseconds round_trip{0};
  std::string platform = {};  ///< "Linux-x86_64"; empty where that is not known
  std::string version = {};   ///< of what runs the tasks there, in the interface's words; empty where that is not known
  std::uint32_t pid = 0;      ///< its process, on its host; 0: not known, or none of its own
  std::uint32_t cores = 0;    ///< how many cores of its host it may use; 0: not known
  /// What it has for itself alone: for tasks with needs. The labels "host=…" and "platform=…" the master adds.
  Resources resources = {};
};

/// How a worker is. Its master knows when one is idle, busy, left or lost; the rest only its interface can tell.
enum class WorkerState : std::uint8_t {
  starting,     ///< on its way: it takes no tasks yet, or not again yet
  not_started,  ///< its last start failed
  idle,         ///< ready, and has nothing to do
  busy,         ///< runs a task
  stopped,      ///< a signal has stopped it in the middle of a task
  set_aside,    ///< ready, and given nothing for now: too many tasks have died on its host and not elsewhere
  left,         ///< gone, as it was told to, or for no fault that is known
  lost,         ///< gone without being told to
};

/// "not_started", as status says it.
std::string_view to_string(WorkerState state) noexcept;

/// What an interface adds to what its master knows of a worker, for Status::workers: of one that starts, is stopped, or
/// is gone.
struct WorkerReport {
  std::string name;                           ///< as in WorkerInfo
  std::string host = {};                      ///< empty where that is not known yet
  WorkerState state = WorkerState::starting;  ///< counts in place of what its master would say
  std::string note = {};                      ///< why, for people: "its process ended with signal 9"
};

/// What execute_task() throws when it is handed a worker that the interface does not know; the text says so in the
/// interface's words. The master forgets that worker, and its tasks go elsewhere as if they had never been given out.
class UnknownWorker : public InterfaceError {
 public:
  using InterfaceError::InterfaceError;
};

/// What an interface alone knows of itself: keys are snake_case; schema_error() in status.hpp checks them. What there
/// is to know of its workers is no part of it: see WorkerInfo and WorkerReport.
using StatusValue = std::variant<bool, std::int64_t, double, std::string>;
using StatusMap = std::map<std::string, StatusValue>;

/// What a backend may ask of its master. The task functions may be called with any attempt, however old: only the
/// current one counts.
class InterfaceHost {
 public:
  virtual ~InterfaceHost() = default;

  /// The worker began to run the task: sets its state and start time, and starts its hard limit. Called again, it does
  /// nothing.
  virtual void task_started(const TaskRef& task, WorkerId worker) = 0;
  /// `fraction` of the task is done, 0 to 1; other values are ignored.
  virtual void task_progress(const TaskRef& task, double fraction) = 0;
  /// The task has emitted a value (mw::emit), encoded. In the order in which it did, and before it is finished.
  virtual void task_part(const TaskRef& task, Bytes value) = 0;
  /// The task has saved its state (mw::save_checkpoint), as bytes that its next attempt is to begin with. The last one
  /// counts.
  virtual void task_checkpoint(const TaskRef& task, Bytes state) = 0;
  /// The attempt is over, and its slot is free. Called twice for one attempt, it does nothing the second time; for a
  /// task that was ended by its master meanwhile, it only frees the slot.
  virtual void task_finished(const TaskRef& task, Outcome outcome) = 0;
  /// The worker died under the task: the task runs again elsewhere, or ends with this failure if that happened more
  /// than TaskOptions::max_losses times. For workers that never joined; see worker_left() for those that did.
  virtual void task_lost(const TaskRef& task, Outcome outcome) = 0;
  /// No worker has begun this attempt and none will: the task goes elsewhere, as if it had never been given out. The
  /// later answer of interfaces whose revoke_task() cannot tell at once.
  virtual void task_returned(const TaskRef& task) = 0;
  /// Of this chunk of map() the worker does the first `kept` inputs, at least 1, and no more: the others go elsewhere.
  /// The answer to split_task().
  virtual void task_split(const TaskRef& task, std::uint32_t kept) = 0;

  /// A worker that tasks may be given to from now on, `info.slots` at a time; returns its number. For interfaces that
  /// let the master schedule. Where it is called outside the loop, a task may come with the number before this returns:
  /// hold the lock that execute_task() takes.
  virtual WorkerId worker_joined(WorkerInfo info) = 0;
  /// The worker is about to leave: it takes no more tasks, and finishes or returns those that it has. worker_left()
  /// follows.
  virtual void worker_leaves(WorkerId worker) = 0;
  /// The worker takes no more tasks for now (`rests`), and finishes or returns those that it has; or it takes tasks
  /// again. For workers whose slot somebody else has meanwhile: Interface::tasks_wait() says when it is wanted back.
  virtual void worker_rests(WorkerId worker, bool rests) = 0;
  /// The worker is gone. Those it was running, in `lost`, fare as with task_lost(); those it was given and
  /// had not begun go elsewhere and count no loss. May be called before the loop has heard of worker_joined(), and more
  /// than once: a worker that has left is gone, in whatever order the two are heard.
  virtual void worker_left(WorkerId worker, std::vector<LostTask> lost) = 0;
  /// No worker can run anything, now or later: every waiting task, and every later one, ends with Cause::no_worker and
  /// `why`, until the master gets another interface.
  virtual void no_worker_possible(std::string why) = 0;
  /// The interface is broken for good. No task ends: those that were running are queued again, for another interface
  /// (Master::set_interface), and whoever waits for one gets an InterfaceError with `why`. Workers that have not left
  /// leave now.
  virtual void interface_failed(std::string why) = 0;
  /// reserve_worker() returned nothing before and may return a worker now: the master asks again.
  virtual void room_available() = 0;

  /// How many tasks wait that any worker may have, as none has had room for them yet: for interfaces that start more
  /// workers when there are some. On the loop only.
  virtual std::size_t tasks_waiting() const = 0;
  /// Whether this worker would be missed, though it is idle: objects live in it, or tasks wait for it alone. For
  /// interfaces that let idle workers go. On the loop only.
  virtual bool is_needed(WorkerId worker) const = 0;

  /// Runs `call` on the loop, soon, and not within this call; calls from one thread keep their order. `call` may not
  /// throw.
  virtual void post(std::function<void()> call) = 0;
  /// The same, in the thread that lives as long as the master: for what is tied to its thread, such as a child process
  /// with a death signal (prctl(2), PR_SET_PDEATHSIG).
  virtual void post_to_thread(std::function<void()> call) = 0;
  /// The loop itself, for backends with sockets and timers. To be used on the loop only.
  virtual boost::asio::io_context& io() = 0;
};

/// Who decides which worker gets a task.
enum class Scheduling : std::uint8_t {
  by_interface,  ///< the interface, in reserve_worker(); it need not announce its workers
  by_master,     ///< the master, among the workers that joined
};

/// A backend. Every member but execute_task() has a useful default; see above for threads.
class Interface {
 public:
  virtual ~Interface() = default;

  /// Sees to it that the task runs on this worker (any_worker: on any), and that host().task_finished() is called when
  /// it is over. Returns at once. An exception ends the task with Cause::interface_error; an UnknownWorker sends it
  /// elsewhere.
  virtual void execute_task(const TaskRef& task, WorkerId worker) = 0;

  /// For Scheduling::by_interface: which worker takes this task: a worker of this interface, any_worker ("hand it over,
  /// I find one"), or nothing while there is no room; then the master asks again after the next finished task, or
  /// room_available(). An exception ends the task with Cause::interface_error.
  virtual std::optional<WorkerId> reserve_worker(const TaskRef&) { return any_worker; }

  /// What there is to know about this interface; see StatusMap. An exception shows as Status::interface_status "error".
  virtual StatusMap get_status() { return {}; }

  /// Those of its workers of which it knows more than it has said in worker_joined() and worker_left(), in order; the
  /// master keeps the list of all of them (Status::workers). An exception shows as with get_status().
  virtual std::vector<WorkerReport> report_workers() { return {}; }

  /// Recalls a task that execute_task() was given and no worker has begun. True: it will not run, and nothing more will
  /// be reported of this attempt. False: it has begun, or nobody can tell yet; see InterfaceHost::task_returned().
  virtual bool revoke_task(const TaskRef&, WorkerId) { return false; }

  /// The task is a chunk of map() that takes long while others have nothing to do: its worker is to keep those of its
  /// inputs that it has begun. How many these are InterfaceHost::task_split() says, now or later; without that, it
  /// keeps all.
  virtual void split_task(const TaskRef&, WorkerId) {}

  /// The task has ended as far as its master is concerned (it was cancelled, or ran out of time): stop it, and report
  /// its end with task_finished() or worker_left(), which frees its slot. Where it cannot be stopped, let it run.
  virtual void abort_task(const TaskRef&, WorkerId) {}

  /// No task takes the shared value of this number any more, and none will: workers that have it may give up its
  /// memory.
  virtual void forget_shared(std::uint64_t /*number*/) {}

  /// For Scheduling::by_master: at the end of a round, so many tasks wait that any worker may have. `resting` is a
  /// worker that rests and that a task waits for which no other may have; any_worker if there is none.
  virtual void tasks_wait(std::size_t /*tasks*/, WorkerId /*resting*/) {}

  /// No task is to begin any more, for good; those that run may finish (Master::stop). For Scheduling::by_interface:
  /// give none to a worker from now on, and give back with InterfaceHost::task_returned() those that no worker has;
  /// what is not given back counts as running. Where the master chooses, it asks for what it has given out with
  /// revoke_task(), after this.
  virtual void begin_no_more() {}

  /// It is to have so many workers from now on, at least 1: more are started, or those that are there leave when they
  /// have done what they have. Throws UsageError, which says why, where that cannot be chosen.
  virtual void scale(std::uint32_t /*workers*/) { throw UsageError{"the number of its workers cannot be changed"}; }
  /// Whether scale() is of use. The same for as long as the interface lives.
  virtual bool can_scale() const noexcept { return false; }

  /// Comes after one or several calls of execute_task(), revoke_task(), split_task() and abort_task(): what they have
  /// put off, to do it in one go, is due now.
  virtual void flush() {}

  /// Who chooses a task's worker. The same for as long as the interface lives.
  virtual Scheduling scheduling() const { return Scheduling::by_interface; }

  /// How many tasks its workers run at a time once all of them are there, at least 1; where nobody can know, a guess.
  /// Programs cut their work into so many parts before the workers are ready. Asked after start(), and when a task
  /// waits for a worker that is not there.
  virtual std::uint32_t expected_slots() const noexcept { return 1; }

  /// Whether workers may join besides those that it starts or expects: then a task whose needs nobody meets waits for
  /// one that does. May change. (Where the master chooses.)
  virtual bool others_may_join() const { return false; }

  /// For Scheduling::by_interface: why no worker of it can be given a task with these needs, in words; empty if it sees
  /// to it that they are met.
  virtual std::string refusal_of(const Needs&) const { return "its interface chooses the workers by itself, and heeds no needs"; }

  /// "multicore", for people and for status. The same for as long as the interface lives.
  virtual std::string name() const { return "custom"; }

  /// Starts what it needs; called once, in the loop's own thread. Workers may be announced here or later. An exception
  /// ends the construction of the master, or Master::set_interface; stop() must then end what had been started.
  virtual void start() {}

  /// Winds down: no task matters any more. Returns at once, and calls `stopped`, once and from any thread, when nothing
  /// of the interface runs. Called once, also after a start() that threw.
  virtual void stop(std::function<void()> stopped) { std::move(stopped)(); }

  /// The master that this interface serves. Not to be called in the constructor: it is set between that and start().
  InterfaceHost& host() const noexcept { return *host_; }
  /// The master's.
  void set_host(InterfaceHost& host) noexcept { host_ = &host; }

 private:
  InterfaceHost* host_ = nullptr;
};

/// A backend behind the class that its users name, such as MulticoreInterface: that class makes it of options, and this
/// one passes on to it all that a master asks. What its members do is stated at Interface. It can be moved.
class InterfaceHandle : public Interface {
 public:
  /// Not null.
  explicit InterfaceHandle(std::unique_ptr<Interface> backend) noexcept : backend_{std::move(backend)} {}

  void execute_task(const TaskRef& task, WorkerId worker) override { backend_->execute_task(task, worker); }
  std::optional<WorkerId> reserve_worker(const TaskRef& task) override { return backend_->reserve_worker(task); }
  StatusMap get_status() override { return backend_->get_status(); }
  std::vector<WorkerReport> report_workers() override { return backend_->report_workers(); }
  bool revoke_task(const TaskRef& task, WorkerId worker) override { return backend_->revoke_task(task, worker); }
  void split_task(const TaskRef& task, WorkerId worker) override { backend_->split_task(task, worker); }
  void abort_task(const TaskRef& task, WorkerId worker) override { backend_->abort_task(task, worker); }
  void forget_shared(std::uint64_t number) override { backend_->forget_shared(number); }
  void tasks_wait(std::size_t tasks, WorkerId resting) override { backend_->tasks_wait(tasks, resting); }
  void begin_no_more() override { backend_->begin_no_more(); }
  void scale(std::uint32_t workers) override { backend_->scale(workers); }
  bool can_scale() const noexcept override { return backend_->can_scale(); }
  void flush() override { backend_->flush(); }
  Scheduling scheduling() const override { return backend_->scheduling(); }
  std::uint32_t expected_slots() const noexcept override { return backend_->expected_slots(); }
  bool others_may_join() const override { return backend_->others_may_join(); }
  std::string refusal_of(const Needs& needs) const override { return backend_->refusal_of(needs); }
  std::string name() const override { return backend_->name(); }
  void start() override {
    backend_->set_host(host());
    backend_->start();
  }
  void stop(std::function<void()> stopped) override { backend_->stop(std::move(stopped)); }

 private:
  std::unique_ptr<Interface> backend_;
};

/// An interface by its name: "serial", "multicore", "multicore:8", "mpi:?hosts=a,b:4"; not started. Several with '+'
/// between are one (PoolInterface): "multicore:2+tcp:listen=0.0.0.0:9470&key=FILE". In options, a '+' is an ordinary
/// character unless the name of an interface is behind it, and then ':', '?', '+' or the end. Throws UsageError, which
/// says what would be right. Any thread.
std::unique_ptr<Interface> interface(std::string_view spec);

/// The same with a number of workers, 1 or more, as -n gives it. Throws UsageError also if `spec` has a number of its
/// own or names several interfaces, or if the interface cannot have that many.
std::unique_ptr<Interface> interface(std::string_view spec, std::uint64_t workers);

/// What is meant where no interface is named: every core that this process may use.
std::string default_interface();

/// The names that interface() knows, in the order of the documentation.
std::vector<std::string> interface_names();

/// How each of them is written, in the same order: "serial", "multicore[:N]", …
std::vector<std::string> interface_forms();

/// All that interface() takes, for --help: those forms, and how several are written as one.
std::string interface_help();

}  // namespace mw
