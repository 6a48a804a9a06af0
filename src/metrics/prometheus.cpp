#include "metrics/prometheus.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "log/escaped.hpp"
#include "metrics/exposition.hpp"

namespace mw::metrics {
namespace {

double number(std::uint64_t count) { return static_cast<double>(count); }

void write_tasks(Exposition& text, const Status& status) {
  text.single("cppmw_tasks_submitted_total", "counter", "Tasks that were submitted.", number(status.tasks));
  text.single("cppmw_tasks_finished_total", "counter", "Tasks that have ended with a result.", number(status.finished));
  text.single("cppmw_tasks_failed_total", "counter", "Tasks that have ended with an error.", number(status.errors));
  text.single("cppmw_tasks_cancelled_total", "counter", "Tasks that were cancelled.", number(status.cancelled));
  text.single("cppmw_tasks_waiting", "gauge", "Tasks that no worker has begun.", number(status.submitted));
  text.single("cppmw_tasks_running", "gauge", "Tasks that a worker runs.", number(status.running));
  text.single("cppmw_tasks_unread", "gauge", "Tasks that have ended and whose results nobody has read.", number(status.unread));
  text.single("cppmw_tasks_found_total", "counter", "Tasks that a journal or a cache knew.", number(status.found));
  // It goes down when a task is recalled that no worker had begun.
  text.single("cppmw_attempts", "gauge", "Tasks given to workers so far, those that were tried again included.",
              number(status.attempts));
  text.single("cppmw_retries_total", "counter", "Tasks that were tried again after a fault of their own.", number(status.retries));
  text.single("cppmw_losses_total", "counter", "Attempts whose worker died under them.", number(status.lost));
  text.single("cppmw_copies_total", "counter", "Second attempts at tasks that took too long where they were.",
              number(status.copies));
}

void write_master(Exposition& text, const Status& status, const BuildInfo& build) {
  text.family("cppmw_build_info", "gauge", "Which program this is, and CppMW's version.");
  text.sample("cppmw_build_info", {{"program", build.program}, {"version", build.version}, {"interface", status.interface_name}},
              1);
  text.single("cppmw_uptime_seconds", "gauge", "Since the master was made.", status.seconds);
  text.single("cppmw_start_up_seconds", "gauge", "How long a slot was not there yet, on average.", status.start_up_seconds);
  text.single("cppmw_paused", "gauge", "1 while no task begins (pause).", status.is_paused ? 1 : 0);
  text.single("cppmw_interface_up", "gauge", "0 when the interface has failed.", status.interface_error.empty() ? 1 : 0);
  text.single("cppmw_cores", "gauge", "Cores that the workers have.", status.cores);
}

/// Two functions may be called the same, and a task may be called as one; a series that comes twice spoils all.
std::vector<FunctionStatus> by_name(const std::vector<FunctionStatus>& functions) {
  std::map<std::string, FunctionStatus> lines;
  for (const FunctionStatus& one : functions) {
    const auto [place, is_new] = lines.try_emplace(log::escaped(one.name), one);
    if (is_new) continue;
    FunctionStatus& line = place->second;
    line.finished += one.finished;
    line.errors += one.errors;
    line.cancelled += one.cancelled;
    line.total_seconds += one.total_seconds;
    line.max_seconds = std::max(line.max_seconds, one.max_seconds);
    line.p50_seconds = std::max(line.p50_seconds, one.p50_seconds);
    line.p99_seconds = std::max(line.p99_seconds, one.p99_seconds);
  }
  std::vector<FunctionStatus> list;
  for (auto& [name, line] : lines) list.push_back(std::move(line));
  return list;
}

void write_functions(Exposition& text, const std::vector<FunctionStatus>& functions) {
  text.family("cppmw_function_tasks_total", "counter", "Tasks that have ended, by their function or name.");
  for (const FunctionStatus& one : functions) {
    text.sample("cppmw_function_tasks_total", {{"function", one.name}, {"state", "finished"}}, number(one.finished));
    text.sample("cppmw_function_tasks_total", {{"function", one.name}, {"state", "error"}}, number(one.errors));
    text.sample("cppmw_function_tasks_total", {{"function", one.name}, {"state", "cancelled"}}, number(one.cancelled));
  }
  text.family("cppmw_task_run_seconds", "summary", "How long finished tasks ran, as the workers measured it.");
  for (const FunctionStatus& one : functions) {
    text.sample("cppmw_task_run_seconds", {{"function", one.name}, {"quantile", "0.5"}}, one.p50_seconds);
    text.sample("cppmw_task_run_seconds", {{"function", one.name}, {"quantile", "0.99"}}, one.p99_seconds);
    text.sample("cppmw_task_run_seconds_sum", {{"function", one.name}}, one.total_seconds);
    text.sample("cppmw_task_run_seconds_count", {{"function", one.name}}, number(one.finished));
  }
  text.family("cppmw_task_run_longest_seconds", "gauge", "How long the longest finished task ran.");
  for (const FunctionStatus& one : functions)
    text.sample("cppmw_task_run_longest_seconds", {{"function", one.name}}, one.max_seconds);
}

bool is_there(const WorkerStatus& worker) {
  switch (worker.state) {
    case WorkerState::idle:
    case WorkerState::busy:
    case WorkerState::stopped:
    case WorkerState::set_aside: return true;
    default: return false;
  }
}

/// Those that have series of their own, each name once.
std::vector<const WorkerStatus*> shown(const std::vector<WorkerStatus>& workers) {
  std::vector<const WorkerStatus*> list;
  std::set<std::string> names;
  for (const WorkerStatus& worker : workers)
    if (list.size() < most_worker_series && is_there(worker) && names.insert(log::escaped(worker.name)).second)
      list.push_back(&worker);
  return list;
}

void write_workers(Exposition& text, const Status& status) {
  constexpr std::array states{WorkerState::starting, WorkerState::not_started, WorkerState::idle, WorkerState::busy,
                              WorkerState::stopped,  WorkerState::set_aside,   WorkerState::left, WorkerState::lost};
  text.family("cppmw_workers", "gauge", "Workers by state; of those that left, the last 1000.");
  for (const WorkerState state : states)
    text.sample("cppmw_workers", {{"state", to_string(state)}}, static_cast<double>(status.workers_that_are(state)));
  const auto workers = shown(status.workers);
  text.family("cppmw_worker_tasks_total", "counter", "What each worker that is there has done.");
  for (const WorkerStatus* one : workers)
    text.sample("cppmw_worker_tasks_total", {{"worker", one->name}, {"host", one->host}}, number(one->done));
  text.family("cppmw_worker_busy_seconds_total", "counter", "How long each worker that is there was busy.");
  for (const WorkerStatus* one : workers)
    text.sample("cppmw_worker_busy_seconds_total", {{"worker", one->name}, {"host", one->host}},
                std::chrono::duration<double>{one->busy_time}.count());
}

/// `name` is the family's.
void write_measures_as(Exposition& text, const std::string& name, std::string_view help, const std::vector<MeasureStatus>& measures,
                       bool are_times) {
  text.family(name, "summary", help);
  for (const MeasureStatus& one : measures) {
    if (one.is_time != are_times) continue;
    text.sample(name, {{"name", one.name}, {"quantile", "0"}}, one.min);
    text.sample(name, {{"name", one.name}, {"quantile", "0.5"}}, one.p50);
    text.sample(name, {{"name", one.name}, {"quantile", "0.99"}}, one.p99);
    text.sample(name, {{"name", one.name}, {"quantile", "1"}}, one.max);
    text.sample(name + "_sum", {{"name", one.name}}, one.sum);
    text.sample(name + "_count", {{"name", one.name}}, number(one.count));
  }
}

}  // namespace

std::string prometheus_text(const Status& status, const BuildInfo& build) {
  Exposition text;
  write_master(text, status, build);
  write_tasks(text, status);
  write_functions(text, by_name(status.functions));
  write_workers(text, status);
  write_measures_as(text, "cppmw_measure", "What tasks have counted (mw::count).", status.measures, false);
  write_measures_as(text, "cppmw_measure_seconds", "What tasks have timed (mw::time_block).", status.measures, true);
  return text.take();
}

}  // namespace mw::metrics
