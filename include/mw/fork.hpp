// One task for each of some workers, and their results.
//
// What:    fork, join and join_any over lists of workers: Trickle's functions of these names (Benson and Fedosov).
// Owner:   nothing; the tasks are the master's, as all are.
// Threads: as Master's functions.
// Use:
//     auto tasks = mw::fork<count_words>(master, master.workers(), text);           // the same work for each worker
//     auto parts = mw::fork<count_words>(master, master.workers(), mw::each(texts));    // texts[i] for worker i % workers
//     for (const Words& words : mw::join(master, tasks)) all += words;              // in the order of the tasks
//     while (!parts.empty()) all += mw::join_any(master, parts).value;              // as they are done
#pragma once

#include <array>
#include <cstddef>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

#include <mw/error.hpp>
#include <mw/master.hpp>
#include <mw/status.hpp>

namespace mw {

/// What fork() takes one element of for each task.
template <std::ranges::input_range Range>
struct Each {
  Range inputs;
};
/// For fork(): a task for each element of this range, which it refers to if it is no temporary.
template <std::ranges::input_range Range>
Each<std::views::all_t<Range>> each(Range&& inputs) {
  return {std::views::all(std::forward<Range>(inputs))};
}

/// f(args…) on each of these workers: a task for each, in their order, which is for that worker and no other
/// (TaskOptions::worker). Of several functions, which have the same result, worker i gets the one at i % their number.
/// Throws as submit_task.
template <auto F, auto... More, class... A>
[[nodiscard]] auto fork(Master& master, const std::vector<WorkerStatus>& workers, const A&... arguments) {
  using R = detail::ResultOf<F>;
  static_assert((std::is_same_v<R, detail::ResultOf<More>> && ...), "fork<f, g...>: all functions must have the same result");
  using Submit = Task<R> (*)(Master&, const TaskOptions&, const A&...);
  constexpr std::array<Submit, 1 + sizeof...(More)> functions{
      [](Master& to, const TaskOptions& options, const A&... each) { return to.template submit_task<F>(options, each...); },
      [](Master& to, const TaskOptions& options, const A&... each) { return to.template submit_task<More>(options, each...); }...};
  std::vector<Task<R>> tasks;
  tasks.reserve(workers.size());
  for (const WorkerStatus& worker : workers)
    tasks.push_back(functions[tasks.size() % functions.size()](master, {.worker = worker.name}, arguments...));
  return tasks;
}

/// f(input) for each element of a range, in its order: task i is for worker i % workers.size(). Throws as submit_task,
/// UsageError if there is no worker, and what the range throws.
template <auto F, class Range>
[[nodiscard]] auto fork(Master& master, const std::vector<WorkerStatus>& workers, Each<Range> inputs) {
  std::vector<Task<detail::ResultOf<F>>> tasks;
  for (auto&& input : inputs.inputs) {
    if (workers.empty()) throw UsageError{"fork: the list of workers is empty"};
    tasks.push_back(master.template submit_task<F>({.worker = workers[tasks.size() % workers.size()].name}, input));
  }
  return tasks;
}

/// Waits for all of them, and returns their results in their order. Throws the TaskError of the first that has none.
template <class R>
std::vector<R> join(Master& master, const std::vector<Task<R>>& tasks) {
  std::vector<R> results;
  results.reserve(tasks.size());
  for (const Task<R>& task : tasks) results.push_back(master.get_result(task));
  return results;
}
/// The same for tasks without a value.
inline void join(Master& master, const std::vector<Task<void>>& tasks) {
  for (const Task<void>& task : tasks) master.get_result(task);
}

/// Waits for any one of them, takes it off the list, whose order it keeps, and returns it; `index` is where it was.
/// Throws as get_result(tasks): the task that has no result is off the list, too.
template <class R>
Finished<R> join_any(Master& master, std::vector<Task<R>>& tasks) {
  const auto take_off = [&](std::uint64_t id) { std::erase_if(tasks, [id](const Task<R>& task) { return task.id() == id; }); };
  try {
    Finished<R> finished = master.get_result(tasks);
    take_off(finished.task.id());
    return finished;
  } catch (const TaskError& error) {
    take_off(error.task());
    throw;
  }
}

}  // namespace mw
