// TaskMachine: what happens as time passes.
#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "core/machine.hpp"

namespace mw::core {
namespace {

using scheduler::ItemState;

/// How often tasks that lie ahead, or are kept from a slow worker, are looked at.
constexpr std::chrono::milliseconds look_interval{2};

}  // namespace

void TaskMachine::out_of_time(TaskRecord& task, const Moment& now) {
  if (task.schedule != ItemState::assigned) return;
  const double seconds = std::chrono::duration<double>(task.options().hard_limit).count();
  Outcome outcome = failed(Cause::time_limit, fmt::format("it ran longer than its limit of {} s", seconds));
  outcome.run_time = Time{now.clock_ns - task.start_ns.load(std::memory_order_relaxed)};
  wants_round_ = true;
  tell([&](Observer& observer) { observer.done(task, outcome, now); });
  abandon(task, false, now);
  if (!retries(task, *outcome.failure)) return end(task, TaskState::error, std::move(outcome), now);
  scheduler_.submit_again(task);
  queued_again(task, Again::fault, now);
}

std::optional<Time> TaskMachine::wake_at(Time now) const {
  auto when = deadlines_.next();
  if (const auto copy = makes_copies_ && gives_out() ? scheduler_.next_copy_at() : std::nullopt; copy && (!when || *copy < *when))
    when = copy;
  if (!gives_out() || (!scheduler_.has_tasks_ahead() && !scheduler_.holds_back())) return when;
  const Time look = now + look_interval;
  return when ? std::min(*when, look) : look;
}

std::vector<Handed> TaskMachine::time_passed(const Moment& now) {
  if (is_ending_) return {};
  while (scheduler::Item* item = deadlines_.due(now.time)) out_of_time(detail::record_of(*item), now);
  if (scheduler_.holds_back()) wants_round_ = true;
  if (const auto copy = makes_copies_ ? scheduler_.next_copy_at() : std::nullopt; copy && *copy <= now.time) wants_round_ = true;
  return handed(scheduler_.overdue(now.time));
}

}  // namespace mw::core
