// A computation that makes its own tasks, and more of them out of results.
//
// What:    TaskSystem is a class to derive from (the ITaskSystem of Concurrent): it generates tasks, is told about each
//          that is done, may add others then, says when it has seen enough, and gathers what was found. Master::run()
//          runs it.
// Owner:   the system is the caller's; tasks that are not done when it is complete are cancelled.
// Threads: every member is called in the thread that called run().
// Use:
//     struct Search : mw::TaskSystem<std::optional<int>, int> {
//       void generate_tasks(Tasks& tasks) override { for (int i = 0; i < 128; ++i) tasks.submit<search_part>(i); }
//       void task_finished(std::size_t, std::optional<int> found, Tasks&) override { if (found) answer = found; }
//       bool is_complete() const override { return answer.has_value(); }
//       int gather_result() override { return answer.value_or(-1); }
//       std::optional<int> answer;
//     };
//     Search search;  const int answer = master.run(search);
#pragma once

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

#include <mw/detail/calls.hpp>
#include <mw/detail/task_group.hpp>
#include <mw/master.hpp>

namespace mw {

/// Where a TaskSystem puts its tasks, all with results of type R. For the thread in run() only.
template <class R>
class SystemTasks : public detail::SystemCalls<SystemTasks<R>> {
 public:
  /// Internal.
  explicit SystemTasks(detail::MasterCore& core) : group_{core} {}

  /// submit<f>(args…): f(args…) becomes a task; returns its number, from 0. submit_with<f>(options, args…) is the same
  /// with options. Arguments are converted as a call would convert them. Throws as Master::submit_task.
  using detail::SystemCalls<SystemTasks<R>>::submit;
  using detail::SystemCalls<SystemTasks<R>>::submit_with;

  /// How many were submitted, and how many of them task_finished() or task_failed() has not been called for.
  std::size_t count() const noexcept { return count_; }
  std::size_t open() const noexcept { return count_ - done_; }
  /// How many tasks the workers run at a time, at least 1.
  std::size_t slots() const { return group_.slots(); }

 private:
  friend class Master;
  template <class Owner, class Indices>
  friend class detail::SystemCallsOfArity;
  template <class Owner, class Arities>
  friend class detail::SystemCalls;

  /// The arguments have the types of f's parameters.
  template <auto F, class... A>
  std::size_t ask(const TaskOptions& options, const A&... arguments) {
    static_assert(std::is_same_v<R, detail::ResultOf<F>>, "the functions of a TaskSystem<R, …> return an R");
    group_.submit(detail::Registered<F>::checked(), detail::encode_arguments(arguments...), options, count_);
    return count_++;
  }

  auto next() {
    auto entry = group_.next();
    done_ += entry.has_value();
    return entry;
  }

  detail::TaskGroup group_;
  std::size_t count_ = 0;
  std::size_t done_ = 0;
};

/// What to derive from: R is the result of a task, Final that of the whole. What a member throws ends the run:
/// Master::run() cancels the tasks that are not done, and throws it on.
template <class R, class Final>
class TaskSystem {
 public:
  using Tasks = SystemTasks<R>;

  virtual ~TaskSystem() = default;
  /// Called first, once.
  virtual void init(Master&) {}
  /// Submits the first tasks; called once, after init().
  virtual void generate_tasks(Tasks& tasks) = 0;
  /// A task is done; may submit more. `number` is what submit() returned for it. Called in the order in which tasks are
  /// done.
  virtual void task_finished(std::size_t number, R result, Tasks& tasks) = 0;
  /// A task has ended without a result; may submit more. Unless it is overridden, run() throws the error.
  virtual void task_failed(std::size_t, const TaskError& error, Tasks&) { throw error; }
  /// Asked before the first wait and after each task. A system all of whose tasks are done is complete in any case.
  virtual bool is_complete() const { return false; }
  /// What run() returns; called last, once, when no task of the system is left.
  virtual Final gather_result() = 0;
};

template <class R, class Final>
Final Master::run(TaskSystem<R, Final>& system) {
  {
    SystemTasks<R> tasks{*core_};
    system.init(*this);
    system.generate_tasks(tasks);
    while (!system.is_complete()) {
      const auto entry = tasks.next();
      if (!entry) break;
      std::optional<R> result;
      try {
        result.emplace(detail::decode_result<R>(*entry->record));
      } catch (const TaskError& error) {
        system.task_failed(entry->index, error, tasks);
        continue;
      }
      system.task_finished(entry->index, std::move(*result), tasks);
    }
  }
  return system.gather_result();
}

}  // namespace mw
