// MasterCore: what becomes of tasks that are for a worker that is not there, by its name or by what they need.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/needs_text.hpp"
#include "log/log.hpp"
#include "master/core.hpp"
#include "master/core_helpers.hpp"

namespace mw::detail {
namespace {

/// An interface does not say that a worker which was on its way will not come.
constexpr std::chrono::milliseconds look_interval{50};
constexpr std::size_t most_names = 8;

std::string names_of(const std::vector<WorkerStatus>& workers) {
  std::vector<std::string> names;
  for (const WorkerStatus& worker : workers)
    if (worker.state != WorkerState::left && worker.state != WorkerState::lost) names.push_back(fmt::format("\"{}\"", worker.name));
  if (names.empty()) return "it has none";
  const std::size_t others = names.size() > most_names ? names.size() - most_names : 0;
  if (others != 0) names.resize(most_names);
  return fmt::format("it has {}{}", fmt::join(names, ", "), others == 0 ? "" : fmt::format(" and {} more", others));
}

bool is_any_starting(const std::vector<WorkerReport>& reports) {
  return std::any_of(reports.begin(), reports.end(), [](const WorkerReport& one) { return one.state == WorkerState::starting; });
}

}  // namespace

bool MasterCore::is_needed(WorkerId worker) const {
  const std::string name = directory_->find(worker).name;
  return object_places_->has_any(name) || machine_.has_tasks_for(name);
}

/// They wait while it is on its way; else they end. So do all tasks when each worker that there is failed in its start
/// function.
void MasterCore::look_for_absent_workers() {
  // As in nearly every round.
  if (absent_.empty() && !machine_.has_tasks_for_some_workers() && !starts_.has_failed()) return;
  std::vector<scheduler::LaneKey> absent = machine_.missing_workers();
  if (absent.empty() && !have_all_starts_failed()) {
    if (absence_look_at_) absence_watch_.look(false, core::Time{0});
    absence_look_at_.reset();
    absent_.clear();
    return;
  }
  const core::Moment now = moment();
  if (absent == absent_ && absence_look_at_ && now.time < *absence_look_at_) return;
  absent_ = std::move(absent);
  absence_look_at_ = now.time + look_interval;
  std::vector<WorkerReport> reports;
  try {
    reports = interface_->report_workers();
  } catch (...) {
    log::warn(fmt::format("the interface \"{}\" does not say which workers it has: {}", interface_name_, current_exception_text()));
  }
  const bool others_come = is_any_starting(reports) || (reports.empty() && starts_.failed_slots() < statistics_.expected());
  if (have_all_starts_failed() && !others_come)
    machine_.no_worker_possible(fmt::format("no worker could start; {}", starts_.first_failure()));
  for (WorkerReport& report : starts_.reports()) reports.push_back(std::move(report));
  const auto workers = workers_.statuses(reports, now);
  statistics_.expect(interface_->expected_slots());  // part of it may have failed since it started
  const bool may_come = statistics_.missing() > reports.size();
  const bool any_may_come = may_come || is_any_starting(reports) || interface_->others_may_join();
  const scheduler::LaneKey* waited_for = nullptr;
  for (const scheduler::LaneKey& lane : absent_) {
    const std::string why = why_absent(lane, workers, may_come, any_may_come);
    if (why.empty())
      waited_for = &lane;
    else
      machine_.refuse_those_for(lane, why, now);
  }
  const auto waited = absence_watch_.look(waited_for != nullptr, now.time);
  if (!waited) return;
  const double seconds = std::chrono::duration<double>{*waited}.count();
  if (waited_for->name.empty())
    log::warn(
        fmt::format("tasks have waited for {:.3g} s for a worker to join: {}", seconds, why_none_meets(*waited_for, workers)));
  else
    log::warn(fmt::format("tasks wait for the worker \"{}\", which has been on its way for {:.3g} s", waited_for->name, seconds));
}

std::string MasterCore::why_none_meets(const scheduler::LaneKey& lane, const std::vector<WorkerStatus>& workers) const {
  const Needs& needs = machine_.needs_of(lane);
  return fmt::format("no worker of the interface \"{}\" has what it needs, {}; {}", interface_name_, core::text_of(needs),
                     core::what_there_is(needs, workers));
}

/// Empty if the worker is on its way; else why it is not. `may_come`: the interface is known to lack workers, and does
/// not say which; `others_may_come`: that, or any other worker may join.
std::string MasterCore::why_absent(const scheduler::LaneKey& lane, const std::vector<WorkerStatus>& workers, bool may_come,
                                   bool others_may_come) const {
  const std::string& name = lane.name;
  if (name.empty()) return others_may_come ? std::string{} : why_none_meets(lane, workers);
  const auto known = std::find_if(workers.begin(), workers.end(), [&](const WorkerStatus& one) { return one.name == name; });
  if (known == workers.end()) {
    if (may_come) return {};
    return fmt::format("it is for the worker \"{}\", and the interface \"{}\" has no such worker: {}", name, interface_name_,
                       names_of(workers));
  }
  const std::string note = known->note.empty() ? "" : ": " + known->note;
  switch (known->state) {
    case WorkerState::left:
    case WorkerState::lost: return fmt::format("it is for the worker \"{}\", which is gone{}", name, note);
    case WorkerState::not_started: return fmt::format("it is for the worker \"{}\", which did not start{}", name, note);
    case WorkerState::starting: return {};
    default: break;
  }
  const Needs& needs = machine_.needs_of(lane);
  if (needs.empty() || meets(known->resources, needs)) return {};
  return fmt::format("it is for the worker \"{}\" and needs {}, and that one has {}", name, core::text_of(needs),
                     core::what_it_has(needs, known->resources));
}

}  // namespace mw::detail
