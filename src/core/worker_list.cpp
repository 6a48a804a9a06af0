#include "core/worker_list.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "core/needs_text.hpp"

namespace mw::core {
namespace {

bool is_running(const TaskRecord& task) noexcept { return task.state.load(std::memory_order_relaxed) == TaskState::running; }

}  // namespace

/// Null for one that has left. What no worker was named for is the business of one that stands for its interface.
WorkerList::Entry* WorkerList::find(WorkerId worker) {
  const auto place = there_.find(index_of(worker));
  if (place != there_.end()) return &*place->second;
  if (worker != any_worker) return nullptr;
  auto known = directory_.find(any_worker);
  Entry& entry = entries_.emplace_front();
  entry.info.name = std::move(known.name);
  entry.info.host = std::move(known.host);
  there_[index_of(any_worker)] = entries_.begin();
  return &entry;
}

/// Whoever has begun it; else whoever it was given to.
WorkerList::Entry* WorkerList::worker_of(const TaskRecord& task) {
  return find(is_running(task) ? task.last_worker.load(std::memory_order_relaxed) : task.worker);
}

void WorkerList::no_longer_runs(const TaskRecord& task) {
  Entry* const entry = find(task.last_worker.load(std::memory_order_relaxed));
  if (!entry) return;
  const auto place = std::find(entry->running.begin(), entry->running.end(), &task);
  if (place != entry->running.end()) entry->running.erase(place);
}

void WorkerList::started(const TaskRecord& task, WorkerId worker, const Moment&) noexcept {
  if (Entry* const entry = find(worker)) entry->running.push_back(&task);
}

void WorkerList::done(const TaskRecord& task, const Outcome& how, const Moment&) noexcept {
  // What could not be handed over was never there.
  if (!is_running(task) && how.failure && how.failure->cause == Cause::interface_error) return;
  if (Entry* const entry = worker_of(task)) {
    ++entry->done;
    using std::chrono::nanoseconds;
    entry->busy_time += std::clamp(how.run_time, nanoseconds{0}, nanoseconds::max() - entry->busy_time);
  }
  if (is_running(task)) no_longer_runs(task);
}

void WorkerList::lost(const TaskRecord& task, const Outcome&, const Moment&) noexcept {
  if (Entry* const entry = worker_of(task)) {
    ++entry->lost;
    entry->lost_a_task = true;
  }
  if (is_running(task)) no_longer_runs(task);
}

void WorkerList::queued_again(const TaskRecord& task, Again, bool was_running, const Moment&) noexcept {
  if (was_running) no_longer_runs(task);
}

void WorkerList::ended(const TaskRecord& task, TaskState, const Moment&) noexcept {
  if (is_running(task)) no_longer_runs(task);
}

void WorkerList::copy_started(const TaskRecord& copy, WorkerId worker, const Moment& now) noexcept { started(copy, worker, now); }

void WorkerList::overtaken(const TaskRecord& task) noexcept {
  if (is_running(task)) no_longer_runs(task);
}

void WorkerList::copy_ended(const TaskRecord& copy, CopyEnd end, const Outcome* how, const Moment& now) noexcept {
  switch (end) {
    case CopyEnd::done: return done(copy, *how, now);
    case CopyEnd::lost: return lost(copy, *how, now);
    case CopyEnd::dropped:
      if (is_running(copy)) no_longer_runs(copy);
  }
}

void WorkerList::worker_joined(WorkerId worker, const WorkerInfo& info, const Moment& now) noexcept {
  const auto same = std::find_if(gone_.begin(), gone_.end(), [&](Place place) { return place->info.name == info.name; });
  Place place;
  if (same == gone_.end()) {
    place = entries_.emplace(entries_.end());
    place->ready_after = std::chrono::nanoseconds{now.clock_ns - born_ns_};
  } else {
    place = *same;
    gone_.erase(same);
  }
  place->info = info;
  place->info.slots = std::max(info.slots, 1u);
  place->info.resources = resources_of(info);
  place->is_there = true;
  place->lost_a_task = false;
  there_[index_of(worker)] = place;
}

void WorkerList::worker_left(WorkerId worker, const Moment&) noexcept {
  const auto known = there_.find(index_of(worker));
  if (known == there_.end()) return;
  const Place place = known->second;
  there_.erase(known);
  place->is_there = false;
  place->running.clear();
  gone_.push_back(place);
  if (gone_.size() <= most_gone) return;
  entries_.erase(gone_.front());
  gone_.pop_front();
}

WorkerStatus WorkerList::status_of(const Entry& entry, const Moment& now) {
  WorkerStatus status;
  status.name = entry.info.name;
  status.host = entry.info.host;
  status.platform = entry.info.platform;
  status.version = entry.info.version;
  status.pid = entry.info.pid;
  status.slots = entry.info.slots;
  status.resources = entry.info.resources;
  if (entry.is_there)
    status.state = entry.running.empty() ? WorkerState::idle : WorkerState::busy;
  else
    status.state = entry.lost_a_task ? WorkerState::lost : WorkerState::left;
  for (const TaskRecord* task : entry.running) {
    const std::int64_t ran = now.clock_ns - task->start_ns.load(std::memory_order_relaxed);
    status.running.push_back({task->id, task->name(), std::chrono::nanoseconds{std::max(ran, std::int64_t{0})}});
  }
  status.done = entry.done;
  status.lost = entry.lost;
  status.busy_time = entry.busy_time;
  status.ready_after = entry.ready_after;
  return status;
}

std::vector<WorkerStatus> WorkerList::statuses(const std::vector<WorkerReport>& reports, const Moment& now) const {
  std::vector<WorkerStatus> list;
  list.reserve(entries_.size() + reports.size());
  std::unordered_map<std::string_view, std::size_t> by_name;
  for (const Entry& entry : entries_) {
    // Of several with one name the report is about the one that is there.
    if (const auto [place, is_new] = by_name.try_emplace(entry.info.name, list.size()); !is_new && entry.is_there)
      place->second = list.size();
    list.push_back(status_of(entry, now));
  }
  for (const WorkerReport& report : reports) {
    const auto [place, is_new] = by_name.try_emplace(report.name, list.size());
    if (is_new) list.emplace_back().name = report.name;
    WorkerStatus& status = list[place->second];
    status.state = report.state;
    status.note = report.note;
    if (!report.host.empty()) status.host = report.host;
  }
  return list;
}

std::uint32_t WorkerList::cores() const {
  std::map<std::string_view, std::uint32_t> of_hosts;
  for (const Entry& entry : entries_) {
    if (!entry.is_there && !entry.lost_a_task) continue;
    std::uint32_t& known = of_hosts[entry.info.host];
    known = std::max(known, entry.info.cores);
  }
  std::uint32_t all = 0;
  for (const auto& [host, cores] : of_hosts) all += cores;
  return all;
}

}  // namespace mw::core
