// The master: submit tasks, get results.
//
// What:    PyMW's four functions: the constructor, submit_task, get_result, get_status.
// Owner:   the master owns its interface and one event-loop thread. Its end ends every task that is not done (cancelled) and
//          every worker, and says on stderr how many tasks it cancelled and how many errors nobody asked for; handles and results
//          outlive it. A task that is done is kept, handle or not, until a get_result has handed it out, since get_result() may ask
//          for it: get_status() counts them (`unread`). One that was cancelled goes with its last handle. The master is the
//          process's that made it: in a child of fork() or daemon(), every call is a UsageError.
// Threads: every function may be called from any thread; the destructor when no other call runs.
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
#include <mw/file_range.hpp>
#include <mw/function.hpp>
#include <mw/interface.hpp>
#include <mw/map.hpp>
#include <mw/master_options.hpp>
#include <mw/program.hpp>
#include <mw/status.hpp>
#include <mw/task.hpp>
#include <mw/task_options.hpp>

namespace mw {

namespace detail {
class MasterCore;
/// Ends it; in a process that was forked from the master's, leaves it alone.
struct CoreDeleter {
  void operator()(MasterCore* core) const noexcept;
};
/// The function behind submit_task(Program): runs in the worker.
std::string run_program(const std::string& path, const std::vector<std::string>& args, const std::string& input);
}  // namespace detail

template <class R, class Final>
class TaskSystem;

class Master : public detail::Calls<Master> {
 public:
  /// On every core of this machine: mw::interface("multicore").
  Master() : Master(interface("multicore")) {}

  /// On the given interface. Throws InterfaceError if it can not start, or if this process is a worker whose main() did not
  /// call mw::init first.
  explicit Master(std::unique_ptr<Interface> interface, MasterOptions options = {});

  /// The same, with an interface constructed by type: Master{MulticoreInterface{8}}.
  template <std::derived_from<Interface> I>
  explicit Master(I interface, MasterOptions options = {})
      : Master(std::unique_ptr<Interface>{std::make_unique<I>(std::move(interface))}, std::move(options)) {}

  Master(Master&&) noexcept;
  Master& operator=(Master&&) noexcept;
  ~Master();

  /// submit_task<f>(args…) asks for f(args…) and returns at once. Arguments are converted as the call f(args…) would convert them,
  /// where they are written, then copied as bytes; what would not compile as a call does not compile here. Throws CodecError if they
  /// can not be encoded, UsageError if another function has the same name, or if they are of more than about 64 GiB.
  ///
  /// submit_task<f>({.retries = 2}, args…) is the same with options. Throws UsageError, too, for options that make no sense or a data
  /// file that can not be read.
  ///
  /// The handle is not to be dropped by accident: with it goes who would ask for the result. See wait_all() for tasks without one.
  using detail::Calls<Master>::submit_task;

  /// Asks for a run of a program with `input` on its stdin; the result is its stdout. Returns at once. The task ends with a
  /// TaskError if the program can not be started, ends with a status other than 0, or dies of a signal.
  [[nodiscard]] Task<std::string> submit_task(const Program& program, std::string_view input = {});
  [[nodiscard]] Task<std::string> submit_task(const TaskOptions& options, const Program& program, std::string_view input = {});

  /// Ends a task that is not done: it is `cancelled` when this returns, and get_result throws Cause::cancelled. One that waits
  /// never runs; one that runs is stopped (multicore: its worker's process group is killed at once, and the worker replaced). False
  /// if it was done before. Throws TaskError for a task of another master.
  bool cancel(const TaskHandle& task);

  /// Waits until the task is done and returns its result. Asked again, it gives it again. Throws TaskError if the task has
  /// none, or was never submitted to this master.
  template <class R>
  R get_result(const Task<R>& task) {
    wait_for(task);
    return detail::decode_result<R>(*task.record());
  }

  /// The result if the task is done, else nothing (for a task without a value: whether it is done). Throws as get_result.
  template <class R>
  auto try_get_result(const Task<R>& task) {
    const bool done = is_done(task);
    if constexpr (std::is_void_v<R>) {
      if (done) detail::decode_result<void>(*task.record());
      return done;
    } else {
      return done ? std::optional<R>{detail::decode_result<R>(*task.record())} : std::nullopt;
    }
  }

  /// Waits for any one of these tasks, and hands it out: the first to be done among those that no get_result has handed out
  /// yet. Throws TaskError if that task has no result (error.task() says which), if one of them is not this master's, or if
  /// all of them were handed out already. A call looks at the whole span: for very many tasks get_result() is quicker.
  template <class R>
  Finished<R> get_result(std::span<const Task<R>> tasks) {
    const std::size_t index = wait_for_any(tasks.size(), [&](std::size_t i) -> const TaskHandle& { return tasks[i]; });
    if constexpr (std::is_void_v<R>) {
      detail::decode_result<R>(*tasks[index].record());
      return {tasks[index], index};
    } else {
      return {tasks[index], index, detail::decode_result<R>(*tasks[index].record())};
    }
  }
  template <class R>
  Finished<R> get_result(const std::vector<Task<R>>& tasks) {
    return get_result(std::span<const Task<R>>{tasks});
  }

  /// Waits for the next task of all, in the order in which they are done, each task once. Throws TaskError if that task has no
  /// result, or if there is nothing to wait for.
  FinishedTask get_result();

  /// Waits until every task of this master is done, those included that are submitted meanwhile: for tasks that are submitted for what
  /// they do. Hands nothing out: results can be asked for afterwards. If a task has ended with an error that no get_result has handed
  /// out, throws the TaskError of the first such one, which is handed out with it; tasks that were cancelled are no errors. Throws
  /// InterfaceError if the interface fails.
  void wait_all();

  /// These tasks, one by one, as they are done; see as_completed.hpp. Throws TaskError if one is not this master's, UsageError if
  /// one is in another such range.
  template <class R>
  AsCompleted<R> as_completed(std::span<const Task<R>> tasks) {
    return {*core_, tasks};
  }
  template <class R>
  AsCompleted<R> as_completed(const std::vector<Task<R>>& tasks) {
    return as_completed(std::span<const Task<R>>{tasks});
  }

  /// f for each element of the range; see map.hpp.
  template <auto F, std::ranges::input_range Range>
  auto map(Range&& range, MapOptions options = {}) {
    return Map<F, Range>{*core_, detail::HeldRange<Range>{std::forward<Range>(range)}, std::move(options)};
  }

  /// Reduce(…Reduce(Reduce(init, f(first)), f(second))…): chunks are folded in the workers, then here, in the order of the range.
  /// Reduce, of (R, R), must be associative; sums of floating-point numbers depend on the chunks: fix their size to get the same
  /// one always. Throws the TaskError of the first chunk that failed, or what the range threw, whichever comes first in the range.
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
      for (R& value : part->result.values) init = Reduce(std::move(init), std::move(value));
    }
    return init;
  }

  /// Runs a computation that makes its own tasks; see task_system.hpp, which is to be included. Throws the TaskError of a task without
  /// a result, unless the system takes it, and what its members throw.
  template <class R, class Final>
  Final run(TaskSystem<R, Final>& system);

  /// How many tasks the workers run at a time, at least 1, those that are still being started included: so many parts keep all of
  /// them busy.
  std::size_t slots() const;

  /// Stops the interface and goes on with another: every task that is not done is queued there, in the old order, those that ran
  /// included. For a master whose interface has failed (get_result throws InterfaceError then), or to move. Throws what a
  /// constructor with this interface throws; the tasks stay queued then, for the next call of this. Not to be called by two threads at a time.
  void set_interface(std::unique_ptr<Interface> interface);

  /// How it goes. Never waits for a task; a broken interface shows as interface_status "error".
  Status get_status() const;

 private:
  /// Reads the i-th handle of a span of handles of one type.
  template <class At>
  std::size_t wait_for_any(std::size_t count, const At& at) {
    std::vector<detail::TaskRecord*> records(count);
    for (std::size_t i = 0; i < count; ++i) records[i] = at(i).record().get();
    return wait_for_any(records);
  }

  template <class Owner, class Indices>
  friend class detail::CallsOfArity;

  /// The arguments have the types of f's parameters.
  template <auto F, class... A>
  Task<detail::ResultOf<F>> ask(const TaskOptions* options, const A&... arguments) {
    return Task<detail::ResultOf<F>>{submit(detail::Registered<F>::checked(), encode(arguments...), options)};
  }

  detail::RecordPtr submit(const detail::FunctionEntry& function, Bytes arguments, const TaskOptions* options);
  void wait_for(const TaskHandle& task);
  bool is_done(const TaskHandle& task);
  std::size_t wait_for_any(std::span<detail::TaskRecord* const> tasks);

  std::unique_ptr<detail::MasterCore, detail::CoreDeleter> core_;
};

}  // namespace mw
