#include "core/explain.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "core/needs_text.hpp"

namespace mw::core {
namespace {

constexpr std::size_t most_workers = 20;

std::string seconds_since(std::int64_t then_ns, const Moment& now) {
  return fmt::format("{:.3g} s", static_cast<double>(std::max<std::int64_t>(now.clock_ns - then_ns, 0)) * 1e-9);
}

std::string name_of(const TaskRecord& task) { return fmt::format("task {} ({})", task.id, task.name()); }

std::string with_host(const WorkerStatus& worker) {
  return worker.host.empty() ? worker.name : fmt::format("{} at {}", worker.name, worker.host);
}

bool is_gone(const WorkerStatus& worker) { return worker.state == WorkerState::left || worker.state == WorkerState::lost; }

/// Empty: it will be given something at once.
std::string why_not_now(const WorkerStatus& worker) {
  const std::string note = worker.note.empty() ? "" : ": " + worker.note;
  switch (worker.state) {
    case WorkerState::starting: return "it is on its way" + note;
    case WorkerState::not_started: return "it did not start" + note;
    case WorkerState::stopped: return "a signal has stopped it in the middle of a task";
    case WorkerState::set_aside: return "it is set aside, since tasks died there" + note;
    case WorkerState::left:
    case WorkerState::lost: return "it is gone" + note;
    case WorkerState::busy: break;
    case WorkerState::idle: return {};
  }
  if (worker.running.size() < worker.slots || worker.running.empty()) return {};
  const RunningTask& first = worker.running.front();
  return fmt::format("it runs task {} ({}), for {:.3g} s so far", first.id, first.name,
                     std::chrono::duration<double>{first.run_time}.count());
}

/// Why this worker does not take the task, now or ever.
std::string why_not(const TaskRecord& task, const WorkerStatus& worker) {
  const TaskOptions& options = task.options();
  if (!options.worker.empty() && worker.name != options.worker) return "the task is for another worker";
  if (!is_gone(worker) && !options.needs.empty() && !meets(worker.resources, options.needs))
    return fmt::format("the task needs {}, and it has {}", text_of(options.needs), what_it_has(options.needs, worker.resources));
  return why_not_now(worker);
}

void add_workers(std::vector<std::string>& lines, const TaskRecord& task, const std::vector<WorkerStatus>& workers) {
  std::size_t shown = 0, others = 0;
  for (const WorkerStatus& worker : workers) {
    if (is_gone(worker) && worker.name != task.options().worker) continue;
    if (shown++ >= most_workers) {
      ++others;
      continue;
    }
    const std::string why = why_not(task, worker);
    lines.push_back(fmt::format("  {}: {}", with_host(worker), why.empty() ? "it has room, and takes what is first in line" : why));
  }
  if (others != 0) lines.push_back(fmt::format("  … and {} more workers", others));
  if (shown == 0) lines.emplace_back("  there is no worker yet");
}

void add_waiting(std::vector<std::string>& lines, const TaskMachine& machine, const Whereabouts& place,
                 const std::vector<WorkerStatus>& workers, const Moment& now) {
  const TaskRecord& task = *place.task;
  lines.push_back(fmt::format("{} waits. It was submitted {} ago.", name_of(task), seconds_since(task.submit_ns, now)));
  if (place.before == 0)
    lines.emplace_back("It is the first in line.");
  else
    lines.push_back(fmt::format("{} {} before it, of {} that wait.", place.before, place.before == 1 ? "task is" : "tasks are",
                                machine.waiting_count()));
  if (task.priority != 0) lines.push_back(fmt::format("Its priority is {}: those with a higher one go first.", task.priority));
  if (!task.options().worker.empty()) lines.push_back(fmt::format("It is for the worker \"{}\" only.", task.options().worker));
  if (!task.options().needs.empty()) lines.push_back(fmt::format("It needs {}.", text_of(task.options().needs)));
  if (!machine.has_interface()) lines.emplace_back("The master has no interface: it has failed, or is being replaced.");
  if (machine.is_stopping()) lines.emplace_back("The master was asked to stop: no task begins any more.");
  if (machine.is_paused()) lines.emplace_back("The master is paused: no task begins until it is told to go on.");
  lines.emplace_back("Workers:");
  add_workers(lines, task, workers);
}

}  // namespace

std::vector<std::string> explain(const TaskMachine& machine, const Whereabouts& place, const std::vector<WorkerStatus>& workers,
                                 const Moment& now) {
  const TaskRecord& task = *place.task;
  std::vector<std::string> lines;
  const auto its_worker = [&](WorkerId worker) {
    const auto known = task.owner->find(worker);
    return known.host.empty() ? known.name : fmt::format("{} at {}", known.name, known.host);
  };
  switch (place.state) {
    case Whereabouts::waits: add_waiting(lines, machine, place, workers, now); break;
    case Whereabouts::waits_for_task:
      lines.push_back(fmt::format("{} waits for the result of {}, which is its first argument. It was submitted {} ago.",
                                  name_of(task), name_of(*place.first), seconds_since(task.submit_ns, now)));
      break;
    case Whereabouts::is_at_worker:
      lines.push_back(
          fmt::format("{} was given to {}, and has not begun: it lies behind what that one runs, or is on its way. It was "
                      "submitted {} ago.",
                      name_of(task), its_worker(task.worker), seconds_since(task.submit_ns, now)));
      break;
    case Whereabouts::runs: {
      const std::int64_t start = task.start_ns.load(std::memory_order_relaxed);
      lines.push_back(fmt::format("{} runs on {}, for {} so far.", name_of(task),
                                  its_worker(task.last_worker.load(std::memory_order_relaxed)), seconds_since(start, now)));
      lines.push_back(fmt::format("Before that it waited {}.", seconds_since(task.submit_ns, {.clock_ns = start})));
      if (const float done = task.progress.load(std::memory_order_relaxed); done > 0)
        lines.push_back(fmt::format("It says that {:.0f} % of it is done.", static_cast<double>(done) * 100));
      break;
    }
  }
  if (const auto attempt = task.attempt.load(std::memory_order_relaxed); attempt > 1)
    lines.push_back(
        fmt::format("It has been handed to a worker {} times, and has lost its worker {} times.", attempt, task.losses));
  return lines;
}

}  // namespace mw::core
