// The master: submit tasks, get results.
//
// What:    PyMW's four functions: the constructor, submit_task, get_result, get_status.
// Owner:   the master owns its interface and one event-loop thread. When it ends, it cancels every task that is not
//          done, ends every worker, and says on stderr how many tasks it cancelled and how many errors nobody asked
//          for; handles and results outlive it. A task that is done is kept, with a handle or without, until a
//          get_result has handed it out, since get_result() may ask for it: get_status() counts those tasks (`unread`).
//          One that was cancelled goes with its last handle. The master belongs to the process that made it: in a child
//          of fork() or daemon(), every call is a UsageError. What a worker has of the program: docs/what-travels.md.
// Threads: every function may be called from any thread, at the same time as others; the move functions and the
//          destructor only while no other call runs.
// Use:
//     mw::Master master{mw::interface("multicore:8")};
//     std::vector<mw::Task<Hits>> tasks;
//     for (std::uint64_t seed = 0; seed < 8; ++seed) tasks.push_back(master.submit_task<monte_pi>(seed, points));
//     for (auto& task : tasks) total += master.get_result(task).inside;
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <mw/as_completed.hpp>
#include <mw/detail/calls.hpp>
#include <mw/detail/core_deleter.hpp>
#include <mw/detail/then.hpp>
#include <mw/emit.hpp>
#include <mw/file_range.hpp>
#include <mw/function.hpp>
#include <mw/interface.hpp>
#include <mw/map.hpp>
#include <mw/master_options.hpp>
#include <mw/object.hpp>
#include <mw/program.hpp>
#include <mw/share.hpp>
#include <mw/status.hpp>
#include <mw/task.hpp>
#include <mw/task_options.hpp>
#include <mw/timeout.hpp>

namespace mw {

template <class R, class Final>
class TaskSystem;

/// Where a program submits its tasks and asks for their results; see above for what it owns, and for threads. In a
/// process that was forked from the one that made it, every function throws UsageError.
class Master : public detail::Calls<Master> {
 public:
  /// On every core that this process may use: mw::interface(mw::default_interface()). Throws as the next one.
  Master() : Master(interface(default_interface())) {}

  /// On the given interface, which is started before this returns; its workers may still be on their way. Throws
  /// InterfaceError if it cannot start, or if this process is a worker whose main() did not call mw::init first;
  /// UsageError if the interface is null, or if options.scheduler_func is set and the interface chooses its workers by
  /// itself.
  explicit Master(std::unique_ptr<Interface> interface, MasterOptions options = {});

  /// The same, with an interface constructed by type: Master{MulticoreInterface{8}}.
  template <std::derived_from<Interface> I>
  explicit Master(I interface, MasterOptions options = {})
      : Master(std::unique_ptr<Interface>{std::make_unique<I>(std::move(interface))}, std::move(options)) {}

  /// A master that was moved from may only be destroyed or assigned to; handles stay valid.
  Master(Master&&) noexcept;
  Master& operator=(Master&&) noexcept;
  /// Ends tasks and workers as stated above, and waits until the workers are gone.
  ~Master();

  /// submit_task<f>(args…) asks for f(args…) and returns a handle at once. Arguments are converted where they are
  /// written, as in the call f(args…), then copied as bytes; what would not compile as a call does not compile here.
  /// Throws CodecError if they cannot be encoded, std::bad_alloc if there is no memory for them, UsageError if another
  /// function has the same name, if f came with a library that was loaded after mw::init, or if they have more than
  /// about 64 GiB.
  ///
  /// submit_task<f>({.retries = 2}, args…) is the same with options. Throws UsageError also for options that make no
  /// sense and for a data file that cannot be read.
  ///
  /// The result is [[nodiscard]]: without the handle nobody can ask for this task's result by name. See wait_all() for
  /// tasks that are submitted for their effect.
  using detail::Calls<Master>::submit_task;

  /// Asks for a run of a program with `input` on its stdin; the result is its stdout. Returns at once; throws as above,
  /// and UsageError for a path or an argument with a zero byte in it. The task ends with a TaskError if the program
  /// cannot be started, ends with a status other than 0, or dies of a signal.
  [[nodiscard]] Task<std::string> submit_task(const Program& program, std::string_view input = {});
  [[nodiscard]] Task<std::string> submit_task(const TaskOptions& options, const Program& program, std::string_view input = {});

  /// Asks for a call of a function that workers in another language have by this name; see remote.hpp. Returns at once.
  /// Throws CodecError if an argument cannot travel (a text that is no UTF-8, a whole number beyond 64 bits).
  template <class R, class... Args>
  [[nodiscard]] Task<R> submit_task(const Remote<R>& function, const Args&... args) {
    return ask_by_name(nullptr, function, args...);
  }
  template <class R, class... Args>
  [[nodiscard]] Task<R> submit_task(const TaskOptions& options, const Remote<R>& function, const Args&... args) {
    return ask_by_name(&options, function, args...);
  }

  /// Gives a value once, for any number of tasks: the handle goes where f takes a const Shared<T>&, or a const T&; see
  /// share.hpp. The value is encoded here and now. A span of numbers is copied, and read in place by the tasks, as a
  /// std::span<const Number>. Beside a handle for a const T&, other arguments are converted without the compiler's
  /// warnings. Throws CodecError if the value cannot be encoded, and InterfaceError where there is no room for it.
  template <class T>
  [[nodiscard]] Shared<typename detail::SharedAs<T>::type> share(const T& value) {
    using Kept = typename detail::SharedAs<T>::type;
    detail::must_travel<Shared<Kept>>();
    const auto bytes = detail::SharedForm<Kept>::bytes_of(value);
    return Shared<Kept>{share_bytes(std::span<const std::byte>{bytes.data(), bytes.size()})};
  }

  /// Makes a T(args…) in a worker, waits until it is there, and returns a handle to it; see object.hpp. The worker is
  /// the one with the fewest objects, of those that are there by now. Arguments travel as their own types (a string
  /// literal as std::string), and T need not. Throws TaskError if the constructor throws, UsageError on an interface
  /// that chooses its workers by itself (boinc), and what submit_task throws.
  template <class T, class... A>
  [[nodiscard]] Object<T> create(A&&... arguments) {
    return create_with<T>(Needs{}, std::forward<A>(arguments)...);
  }
  /// The same in a worker that has what is needed: of those that are there by now, or, without one, that comes later.
  /// Throws TaskError if none does, and none can join.
  template <class T, class... A>
  [[nodiscard]] Object<T> create_with(const Needs& needs, A&&... arguments) {
    return create_as<T>({.worker = place_for_object(needs), .needs = needs}, std::forward<A>(arguments)...);
  }
  /// The same in the worker of this name (WorkerStatus::name); empty: in any. Throws TaskError, too, if no worker has
  /// that name, or will have it.
  template <class T, class... A>
  [[nodiscard]] Object<T> create_on(const std::string& worker, A&&... arguments) {
    return create_as<T>({.worker = worker}, std::forward<A>(arguments)...);
  }

  /// Ends a task that is not done: it is `cancelled` when this returns, and get_result throws Cause::cancelled. A task
  /// that waits never runs; one that runs is stopped if its interface can do that (multicore: its worker's process
  /// group is killed at once, and the worker replaced). Returns false if it was done before. Throws TaskError for a
  /// task of another master, UsageError if called from scheduler_func.
  bool cancel(const TaskHandle& task);

  /// Waits until the task is done and returns its result; asked again, returns it again. Throws TaskError if the task
  /// has none, or was never submitted to this master; InterfaceError if the interface has failed and the task is not
  /// done.
  template <class R>
  R get_result(const Task<R>& task) {
    wait_for(task);
    return detail::decode_result<R>(*task.record());
  }

  /// The same, for at most this long: throws TimeoutError if the task is not done by then. It goes on, and can be
  /// waited for again.
  template <class R>
  R get_result(const Task<R>& task, Timeout timeout) {
    if (!wait_for(task, detail::deadline_after(timeout))) throw_timeout(task, timeout);
    return detail::decode_result<R>(*task.record());
  }

  /// The result if the task is done, or is done within this time, else nothing (for a task without a value: whether it
  /// is done). Throws as get_result.
  template <class R>
  auto try_get_result(const Task<R>& task, Timeout timeout = {}) {
    const bool done = wait_for(task, detail::deadline_after(timeout));
    if constexpr (std::is_void_v<R>) {
      if (done) detail::decode_result<void>(*task.record());
      return done;
    } else {
      return done ? std::optional<R>{detail::decode_result<R>(*task.record())} : std::nullopt;
    }
  }

  /// What the task emits while it runs (mw::emit), in order, each value once: a range, which waits for the next one and
  /// ends with the task; see emit.hpp. It is an error to read as T what is something else. Throws TaskError if it is no
  /// task of this master's.
  template <class T>
  Parts<T> parts_of(const TaskHandle& task) {
    return {*core_, checked(task), {}};
  }
  /// The same; the range throws TimeoutError when this time, from now on, is over and the task is not.
  template <class T>
  Parts<T> parts_of(const TaskHandle& task, Timeout timeout) {
    return {*core_, checked(task), detail::deadline_after(timeout)};
  }

  /// Waits for any one of these tasks, and hands it out: the first to be done among those that no get_result has handed
  /// out yet. Throws TaskError if that task has no result (error.task() says which), if one of them is not this
  /// master's, or if all of them were handed out already; InterfaceError if the interface has failed. A call looks at
  /// the whole span: for very many tasks as_completed() or get_result() is quicker.
  template <class R>
  Finished<R> get_result(std::span<const Task<R>> tasks) {
    return finished(tasks, *wait_for_any(records_of(tasks), {}));
  }
  template <class R>
  Finished<R> get_result(const std::vector<Task<R>>& tasks) {
    return get_result(std::span<const Task<R>>{tasks});
  }

  /// The same, for at most this long: throws TimeoutError if none of them is done by then.
  template <class R>
  Finished<R> get_result(std::span<const Task<R>> tasks, Timeout timeout) {
    const auto index = wait_for_any(records_of(tasks), detail::deadline_after(timeout));
    if (!index) throw_timeout(tasks.size(), timeout);
    return finished(tasks, *index);
  }
  template <class R>
  Finished<R> get_result(const std::vector<Task<R>>& tasks, Timeout timeout) {
    return get_result(std::span<const Task<R>>{tasks}, timeout);
  }

  /// One of these tasks, if one is done that no get_result has handed out, or is done within this time; else nothing.
  /// Throws as get_result.
  template <class R>
  std::optional<Finished<R>> try_get_result(std::span<const Task<R>> tasks, Timeout timeout = {}) {
    const auto index = wait_for_any(records_of(tasks), detail::deadline_after(timeout));
    return index ? std::optional<Finished<R>>{finished(tasks, *index)} : std::nullopt;
  }
  template <class R>
  std::optional<Finished<R>> try_get_result(const std::vector<Task<R>>& tasks, Timeout timeout = {}) {
    return try_get_result(std::span<const Task<R>>{tasks}, timeout);
  }

  /// Waits for the next of all this master's tasks, in the order in which they are done, each once; those of map() and
  /// of task systems are not among them. Throws TaskError if that task has no result, or if there is nothing to wait
  /// for; InterfaceError if the interface has failed.
  FinishedTask get_result();
  /// The same, for at most this long: throws TimeoutError if none is done by then.
  FinishedTask get_result(Timeout timeout);
  /// The next of all this master's tasks, if one is done, or is done within this time; else nothing. Throws as
  /// get_result().
  std::optional<FinishedTask> try_get_result(Timeout timeout = {});

  /// Waits until every task of this master is done, including those that are submitted meanwhile: for tasks that are
  /// submitted for their effect. Results can still be asked for afterwards. If a task has ended with an error that no
  /// get_result has handed out, throws the TaskError of the first such task, and counts it as handed out; a cancelled
  /// task is no error. Throws InterfaceError if the interface fails.
  void wait_all();
  /// The same, for at most this long: false if tasks are left that are not done.
  bool wait_all(Timeout timeout);

  /// In a coroutine, co_await of this waits for the task and is its result; throws as get_result(). <mw/async.hpp>
  /// must be included, and says in which thread a coroutine goes on.
  template <class R>
  [[nodiscard]] auto get(const Task<R>& task);

  /// A std::future that has the task's result, or what get_result() would throw, when the task is done, or when the
  /// interface fails or the master ends before that. Does not wait. <mw/async.hpp> must be included. Throws TaskError
  /// if it is no task of this master's.
  template <class R>
  [[nodiscard]] auto future(const Task<R>& task);

  /// These tasks, one by one, as they are done; see as_completed.hpp. Throws TaskError if one is not this master's,
  /// UsageError if one is in another such range. Does not wait; the range does.
  template <class R>
  AsCompleted<R> as_completed(std::span<const Task<R>> tasks) {
    return {*core_, tasks, {}};
  }
  template <class R>
  AsCompleted<R> as_completed(const std::vector<Task<R>>& tasks) {
    return as_completed(std::span<const Task<R>>{tasks});
  }

  /// The same; the range throws TimeoutError when this time, from now on, is over and tasks are left that are not done.
  template <class R>
  AsCompleted<R> as_completed(std::span<const Task<R>> tasks, Timeout timeout) {
    return {*core_, tasks, detail::deadline_after(timeout)};
  }
  template <class R>
  AsCompleted<R> as_completed(const std::vector<Task<R>>& tasks, Timeout timeout) {
    return as_completed(std::span<const Task<R>>{tasks}, timeout);
  }

  /// No task begins until resume(); those that workers run go on, and who waits for one waits. See docs/stopping.md.
  void pause();
  void resume();  ///< tasks are given out again
  /// So many workers are to be there: more are started, or the last ones leave when they have done what they have. Does
  /// not wait for that. Throws UsageError for 0, and where the number cannot be chosen; see docs/where-tasks-go.md.
  void scale(std::uint32_t workers);
  /// Why a task has not begun yet, what it waits for, or what became of it, in words, several lines; `id` is
  /// TaskHandle::id(). Throws TaskError if there is no such task, or it is forgotten.
  std::string explain(std::uint64_t id) const;
  /// Where it can be watched (MasterOptions::dashboard): a URL, with the key; empty without it.
  std::string dashboard_url() const;

  /// Its workers, in the order in which they came: name, host, state, what each runs and has done; see WorkerStatus. A
  /// task can be given to one of them by its name (TaskOptions::worker). Throws as get_status().
  std::vector<WorkerStatus> workers() const { return get_status().workers; }

  /// What its tasks have counted and timed so far (mw/measure.hpp), counts by name, then times. Throws as get_status().
  std::vector<MeasureStatus> measures() const { return get_status().measures; }
  /// The same since the last call of this, or since its beginning: for a table that begins anew with each step of a
  /// computation. measures() goes on as if nothing had been taken. What a task has measured is there before its result.
  /// Throws InterfaceError, and takes nothing, if the interface blocks the loop for 2 s; else as get_status().
  std::vector<MeasureStatus> take_measures();

  /// Every task that is not done, and every one that is and that no get_result has handed out, in the order in which
  /// they were submitted; those of map() and of task systems are not among them.
  std::vector<TaskHandle> tasks() const;

  /// f for each element of the range, as a range of results; see map.hpp. Submits nothing before the first result is
  /// asked for. Throws as submit_task.
  template <auto F, std::ranges::input_range Range>
  auto map(Range&& range, MapOptions options = {}) {
    return Map<F, Range>{*core_, detail::HeldRange<Range>{std::forward<Range>(range)},
                         detail::Registered<&detail::MapChunk<F>::run>::checked(), std::move(options)};
  }
  /// The same for a function that workers in another language have by this name; see remote.hpp.
  template <class R, std::ranges::input_range Range>
  auto map(const Remote<R>& function, Range&& range, MapOptions options = {}) {
    const auto& entry = detail::entry_by_name(detail::map_by_name_id, function.name, typeid(R), nullptr);
    return BasicMap<detail::RemoteMapping<R>, Range>{*core_, detail::HeldRange<Range>{std::forward<Range>(range)}, entry,
                                                     std::move(options)};
  }

  /// Does not compile: it is written map<f>(range).
  template <class F, class Range>
    requires(!detail::is_remote<F>)
  auto map(F&&, Range&&, MapOptions = {}) { return detail::explain_function<std::decay_t<F>>(); }

  /// Reduce(…Reduce(Reduce(init, f(first)), f(second))…): chunks are folded in the workers, then here, in the order of
  /// the range; waits for all of them. Reduce takes two R and returns one; it must be associative. Sums of
  /// floating-point numbers depend on the chunks: fix their size to get the same sum every time. Throws the TaskError
  /// of the first chunk that failed, or what the range threw, whichever comes first in the range.
  template <auto F, auto Reduce, std::ranges::input_range Range>
  auto map_reduce(Range&& range, typename detail::TraitsOf<F>::Result init = {}, MapOptions options = {}) {
    using R = typename detail::TraitsOf<F>::Result;
    using Arguments = typename detail::TraitsOf<F>::Arguments;
    options.ordered = true;
    detail::ChunkStream<Range, Arguments, R> stream{*core_, detail::HeldRange<Range>{std::forward<Range>(range)},
                                                    detail::Registered<&detail::ReduceChunk<F, Reduce>::run>::checked(),
                                                    detail::ChunkValues::folded, std::move(options)};
    while (auto part = stream.next()) {
      if (part->is_lost) throw part->error(part->first);
      for (auto&& value : part->result.values) init = Reduce(std::move(init), std::move(value));
    }
    return init;
  }

  /// Runs a computation that makes its own tasks, and waits for its end; see task_system.hpp, which must be included.
  /// Throws the TaskError of a task without a result, unless the system handles it, and what the system's members
  /// throw.
  template <class R, class Final>
  Final run(TaskSystem<R, Final>& system);

  /// How many tasks the workers run at a time, at least 1, counting workers that are still being started: cut into so
  /// many parts, work keeps all of them busy.
  std::size_t slots() const;

  /// Ends the interface and continues with another: every task that is not done is queued there in the old order,
  /// including those that ran. For a master whose interface has failed (get_result throws InterfaceError then), or to
  /// move. Waits for the end of the old interface and the start of the new one. Throws what a constructor with this
  /// interface throws; the tasks then stay queued for the next call. Throws Stopped after stop(). Not to be called by
  /// two threads at a time.
  void set_interface(std::unique_ptr<Interface> interface);

  /// Stops in good order: no task begins any more; those that run may finish, for at most this long. Does not wait for
  /// that; once it has returned, no task is given to a worker. When none runs any more, or the patience is over, the
  /// master has stopped: whatever call waits for something that is not done throws Stopped (get_result, wait_all, map,
  /// a coroutine, …), and so does one that submits; until then tasks can be submitted, and do not begin. What is done
  /// can be asked for as ever. Called again, it may shorten the patience. For `signal` see Stopped; unless it is 0,
  /// stderr is told of the stop. Any thread, but no signal handler: it is not async-signal-safe; see
  /// MasterOptions::stop_on_signals. On an interface whose workers take tasks by themselves, those count as running
  /// that one of them has; an existing BOINC project goes on giving them out. See docs/stopping.md.
  void stop(Timeout patience, int signal = 0);
  /// Whether stop() was called, or a signal has come that this master follows: for a computation that waits for no task
  /// for a long time, and can come to an end.
  bool is_stopping() const;
  /// Whether it has stopped: nothing runs any more, or the patience is over.
  bool has_stopped() const;

  /// How it goes, at this moment. Never waits for a task, and for at most 2 s for the interface; an interface that is
  /// broken, or does not answer, shows as interface_status "error". Throws UsageError in a forked process.
  Status get_status() const;

 private:
  template <class R>
  static std::vector<detail::TaskRecord*> records_of(std::span<const Task<R>> tasks) {
    std::vector<detail::TaskRecord*> records;
    records.reserve(tasks.size());
    for (const Task<R>& task : tasks) records.push_back(task.record().get());
    return records;
  }
  template <class R>
  static Finished<R> finished(std::span<const Task<R>> tasks, std::size_t index) {
    if constexpr (std::is_void_v<R>) {
      detail::decode_result<R>(*tasks[index].record());
      return {tasks[index], index};
    } else {
      return {tasks[index], index, detail::decode_result<R>(*tasks[index].record())};
    }
  }

  template <class Owner, class Indices>
  friend class detail::CallsOfArity;
  template <class Owner, class Arities>
  friend class detail::Calls;

  /// The arguments have the types of f's parameters.
  template <auto F, class... A>
  Task<detail::ResultOf<F>> ask(const TaskOptions* options, const A&... arguments) {
    return Task<detail::ResultOf<F>>{submit(detail::Registered<F>::checked(), detail::encode_arguments(arguments...), options)};
  }

  template <class R, class... Args>
  Task<R> ask_by_name(const TaskOptions* options, const Remote<R>& function, const Args&... args) {
    static_assert((detail::has_value_form<Args> && ...),
                  "an argument of a mw::Remote function has no form as a mw::Value: numbers, texts, bool, std::optional, ranges, "
                  "pairs, tuples, maps from std::string and plain aggregates have one");
    if constexpr ((detail::has_value_form<Args> && ...))
      return Task<R>{submit(detail::entry_of(function),
                            detail::encode_arguments(function.name, Value{Value::Array{Value{args}...}}), options)};
    else
      return {};
  }

  template <class T, class... A>
  Object<T> create_as(TaskOptions options, A&&... arguments) {
    static_assert(std::is_constructible_v<T, detail::Travelling<A>...>,
                  "create<T>(args...): T(args...) would not compile either, with each argument as a value of its own type");
    const auto places = object_places();
    options.remember = false;  // it is to be made anew
    const auto created =
        ask<&detail::MakeObject<T, detail::Travelling<A>...>::run>(&options, detail::Travelling<A>(std::forward<A>(arguments))...);
    static_cast<void>(get_result(created));
    return Object<T>{std::make_shared<const detail::ObjectOwner>(created, created.worker(), places,
                                                                 detail::Registered<&detail::DropObject::run>::checked())};
  }
  RecordPtr submit(const detail::FunctionEntry& function, detail::EncodedArguments arguments, const TaskOptions* options);
  std::string place_for_object(const Needs& needs) const;
  /// Throws UsageError where workers do not last.
  std::shared_ptr<detail::ObjectPlaces> object_places() const;
  detail::SharedPtr share_bytes(std::span<const std::byte> bytes);
  /// Its record. Throws TaskError if it is no task of this master's.
  const RecordPtr& checked(const TaskHandle& task) const;
  /// Whether it is done; false if the deadline came first.
  bool wait_for(const TaskHandle& task, const detail::Deadline& deadline = {});
  /// These two are empty if the deadline came first.
  std::optional<FinishedTask> next_result(const detail::Deadline& deadline);
  std::optional<std::size_t> wait_for_any(const std::vector<detail::TaskRecord*>& tasks, const detail::Deadline& deadline);
  [[noreturn]] static void throw_timeout(const TaskHandle& task, Timeout timeout);
  [[noreturn]] static void throw_timeout(std::size_t tasks, Timeout timeout);

  std::unique_ptr<detail::MasterCore, detail::CoreDeleter> core_;
};

}  // namespace mw
