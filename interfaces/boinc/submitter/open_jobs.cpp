#include "boinc/submitter/open_jobs.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "log/log.hpp"
#include "remote/task_messages.hpp"
#include "wire/bundle.hpp"

namespace mw::boinc {

void OpenJobs::enter(const Job& job, const std::string& batch) {
  open_[job.name] = {batch, job.tasks};
  for (std::size_t i = 0; i < job.tasks.size(); ++i) places_[job.tasks[i].id()] = {job.name, i};
}

std::size_t OpenJobs::running() const {
  return static_cast<std::size_t>(std::count_if(open_.begin(), open_.end(), [](const auto& one) { return one.second.is_running; }));
}

std::set<std::string> OpenJobs::batches() const {
  std::set<std::string> batches;
  for (const auto& [name, job] : open_) batches.insert(job.batch);
  return batches;
}

std::vector<std::pair<std::string, std::string>> OpenJobs::names() const {
  std::vector<std::pair<std::string, std::string>> names;
  for (const auto& [name, job] : open_) names.emplace_back(name, job.batch);
  return names;
}

std::vector<TaskRef> OpenJobs::give_back() {
  std::vector<TaskRef> tasks;
  for (auto& [name, job] : open_) {
    if (job.is_running || std::exchange(job.is_given_back, true)) continue;
    std::copy_if(job.tasks.begin(), job.tasks.end(), std::back_inserter(tasks), [](const TaskRef& task) { return bool{task}; });
  }
  return tasks;
}

bool OpenJobs::is_awaited(const std::string& job) const {
  const auto place = open_.find(job);
  return place != open_.end() && !place->second.is_given_back;
}

bool OpenJobs::begin(const std::string& job) {
  const auto place = open_.find(job);
  if (place == open_.end() || std::exchange(place->second.is_running, true)) return false;
  for (const TaskRef& task : place->second.tasks)
    if (task) sink_.task_runs(task);
  return true;
}

bool OpenJobs::end(JobEnd end) {
  auto node = open_.extract(end.name);
  if (node.empty()) return false;
  const OpenJob& job = node.mapped();
  if (end.why.empty()) {
    try {
      end_well(job, end.answer);
      return true;
    } catch (const Error& e) {
      end.why = fmt::format("its output cannot be read: {}", e.what());
    }
  }
  ++failed_;
  log::warn(fmt::format("boinc: workunit {}: {}", end.name, end.why));
  end_all(job, Cause::worker_lost, fmt::format("workunit {}: {}", end.name, end.why));
  return true;
}

void OpenJobs::end_well(const OpenJob& job, const Bytes& answer) {
  std::vector<wire::Ending> endings = wire::parse_answer(answer.span(), job.tasks.size());
  for (std::size_t i = 0; i < endings.size(); ++i) {
    const TaskRef& task = job.tasks[i];
    if (!task) continue;
    places_.erase(task.id());
    const bool is_lost = endings[i].is_gone;
    sink_.task_ended(task, remote::outcome_of(std::move(endings[i])), is_lost);
  }
  ++done_;
}

void OpenJobs::refuse(const std::string& job, const std::string& why) {
  if (const auto node = open_.extract(job)) end_all(node.mapped(), Cause::interface_error, why);
}

std::vector<TaskRef> OpenJobs::take_apart(const std::string& job, const std::function<std::string(const TaskRef&)>& why) {
  std::vector<TaskRef> rest;
  const auto node = open_.extract(job);
  if (!node) return rest;
  for (const TaskRef& task : node.mapped().tasks) {
    if (!task) continue;
    if (const std::string reason = why(task); !reason.empty()) {
      end_task(task, Cause::interface_error, reason);
      continue;
    }
    places_.erase(task.id());
    rest.push_back(task);
  }
  return rest;
}

void OpenJobs::end_all(const OpenJob& job, Cause cause, const std::string& why) {
  for (const TaskRef& task : job.tasks)
    if (task) end_task(task, cause, why);
}

void OpenJobs::end_task(const TaskRef& task, Cause cause, const std::string& why) {
  places_.erase(task.id());
  Outcome outcome;
  outcome.failure.emplace();
  outcome.failure->cause = cause;
  outcome.failure->message = why;
  sink_.task_ended(task, std::move(outcome), cause == Cause::worker_lost);
}

std::vector<std::pair<std::string, std::string>> OpenJobs::give_up(const std::vector<TaskRef>& tasks) {
  std::vector<std::pair<std::string, std::string>> unwanted;
  for (const TaskRef& task : tasks) {
    const auto place = places_.find(task.id());
    if (place == places_.end()) continue;
    const auto [name, index] = place->second;
    const auto job = open_.find(name);
    if (job == open_.end() || job->second.tasks[index] != task) continue;  // an earlier attempt
    job->second.tasks[index] = {};
    places_.erase(place);
    if (std::any_of(job->second.tasks.begin(), job->second.tasks.end(), [](const TaskRef& one) { return bool{one}; })) continue;
    unwanted.emplace_back(name, job->second.batch);
    open_.erase(job);
  }
  return unwanted;
}

}  // namespace mw::boinc
