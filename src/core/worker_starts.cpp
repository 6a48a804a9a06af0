#include "core/worker_starts.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include <mw/detail/task_access.hpp>

namespace mw::core {

bool WorkerStarts::begin(WorkerId worker, const WorkerInfo& info) {
  if (const auto known = failed_.find(info.name); known != failed_.end() && deaths_[info.name] >= most_deaths) return false;
  auto extra = std::make_unique<detail::TaskExtra>();
  extra->options.name = fmt::format("start function {}", call_.function->name());
  extra->shared = call_.values;
  extra->start_values = static_cast<std::uint32_t>(call_.values.size());
  extra->is_start = true;
  auto record = RecordPtr{new detail::TaskRecord{*call_.function, Bytes{}, directory_}, false};
  record->id = ++last_id_;
  record->attempt = 1;
  record->extra.store(extra.release(), std::memory_order_relaxed);
  starting_[worker] = {info, std::move(record)};
  return true;
}

std::optional<TaskRef> WorkerStarts::due(WorkerId worker) {
  const auto place = starting_.find(worker);
  if (place == starting_.end() || place->second.rests || std::exchange(place->second.has_it, true)) return std::nullopt;
  return TaskAccess::make(place->second.record, 1);
}

WorkerId WorkerStarts::returned(const TaskRef& task) {
  const WorkerId worker = find(task)->first;
  starting_.at(worker).has_it = false;
  return worker;
}

bool WorkerStarts::rest(WorkerId worker, bool rests) {
  const auto place = starting_.find(worker);
  if (place == starting_.end()) return false;
  place->second.rests = rests;
  return true;
}

WorkerId WorkerStarts::waiting() const {
  const auto place =
      std::find_if(starting_.begin(), starting_.end(), [](const auto& one) { return one.second.rests && !one.second.has_it; });
  return place == starting_.end() ? any_worker : place->first;
}

WorkerStarts::Place WorkerStarts::find(const TaskRef& task) const {
  return std::find_if(starting_.begin(), starting_.end(),
                      [&](const auto& one) { return one.second.record == TaskAccess::record(task); });
}

bool WorkerStarts::is_one(const TaskRef& task) const { return find(task) != starting_.end(); }

std::optional<WorkerStarts::Started> WorkerStarts::finished(const TaskRef& task, const Outcome& outcome) {
  const auto place = find(task);
  if (place == starting_.end()) return std::nullopt;
  const Started started{place->first, place->second.info, place->second.rests};
  starting_.erase(place);
  if (outcome.failure) {
    fail(started.info, outcome.failure->message);
    return std::nullopt;
  }
  deaths_.erase(started.info.name);
  failed_.erase(started.info.name);
  return started;
}

void WorkerStarts::left(WorkerId worker, const std::optional<std::string>& how) {
  const auto place = starting_.find(worker);
  if (place == starting_.end()) return;
  const WorkerInfo info = std::move(place->second.info);
  starting_.erase(place);
  if (how && ++deaths_[info.name] >= most_deaths)
    fail(info, fmt::format("{} of its processes died in the start function {}: {}", most_deaths, call_.function->name(), *how));
}

void WorkerStarts::fail(const WorkerInfo& info, std::string why) {
  failed_[info.name] = {info.host, std::move(why), std::max(info.slots, 1u)};
}

void WorkerStarts::clear() {
  starting_.clear();
  deaths_.clear();
  failed_.clear();
}

std::uint32_t WorkerStarts::failed_slots() const {
  std::uint32_t slots = 0;
  for (const auto& [name, one] : failed_) slots += one.slots;
  return slots;
}

std::string WorkerStarts::first_failure() const {
  return failed_.empty() ? std::string{} : fmt::format("{}: {}", failed_.begin()->first, failed_.begin()->second.why);
}

std::vector<WorkerReport> WorkerStarts::reports() const {
  std::vector<WorkerReport> list;
  for (const auto& [name, one] : failed_) list.push_back({name, one.host, WorkerState::not_started, one.why});
  for (const auto& [worker, one] : starting_)
    list.push_back(
        {one.info.name, one.info.host, WorkerState::starting, fmt::format("in its start function {}", call_.function->name())});
  return list;
}

}  // namespace mw::core
