// Scheduler: how long tasks take, and which workers are slow.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "scheduler/scheduler.hpp"

namespace mw::scheduler {
namespace {

/// What a task takes besides its function: it keeps the number of tiny tasks ahead in bounds.
constexpr Time least_cost{1'000};

/// A worker that takes so many times as long as all on average is known to be slow.
constexpr double slow = 1.8;
/// So many tasks of a kind are an average. The first to end are the shortest.
constexpr std::uint8_t enough_measured = 6;

}  // namespace

/// The more tasks differ from each other, the less does it say of a worker that its tasks took long.
bool Scheduler::is_slow(const Worker& worker) const noexcept { return worker.slowness * (1 - spread_) >= slow; }

/// Whether the others will have done this task, and all that are queued with it, before this worker would have done it.
bool Scheduler::is_better_left(const Worker& worker, const Item& item, NeedsClass needs, Time now) const {
  if (!is_slow(worker) || policy_.placement == Placement::round_robin) return false;
  const auto each = expected(item.kind);
  if (!each) return false;
  const double task = static_cast<double>(each->count());
  const double here = static_cast<double>(left_at(worker, now).count()) + worker.slowness * task;
  double speed = 0, work = task * static_cast<double>(waiting_with(needs));  // in tasks' times of an average worker
  for (const auto& [id, other] : workers_) {
    if (&other == &worker || !other.takes_tasks() || !has(other, needs) || other.held != 0) continue;
    if (2 * other.slowness > worker.slowness || is_late(other, now)) continue;
    speed += 1 / other.slowness;
    work += static_cast<double>(left_at(other, now).count()) / other.slowness;
  }
  return speed > 0 && work / speed + task < here;
}

/// How long the worker is still expected to be busy.
Time Scheduler::left_at(const Worker& worker, Time now) const noexcept {
  if (worker.items.empty()) return Time{0};
  return std::max(worker.expected - std::min(now - worker.last_event, worker.items.front()->cost.time()), Time{0});
}

bool Scheduler::is_late(const Worker& worker, Time now) const noexcept {
  if (worker.items.empty()) return false;
  return now >= worker.last_event + worker.items.front()->cost.time() + policy_.patience + 8 * worker.capacity.round_trip;
}

std::optional<Time> Scheduler::expected(std::uint16_t kind) const {
  if (kind >= expected_.size() || expected_[kind].count() == 0) return std::nullopt;
  return std::max(expected_[kind], least_cost);
}

/// A moving average over about eight tasks.
void Scheduler::learn(std::uint16_t kind, Time run_time) {
  if (kind >= expected_.size()) {
    expected_.resize(kind + std::size_t{1});
    measured_.resize(kind + std::size_t{1});
  }
  if (measured_[kind] < enough_measured) ++measured_[kind];
  Time& average = expected_[kind];
  average = average.count() == 0 ? run_time : std::max(average + (run_time - average) / 8, Time{1});
}

/// The least of its last twenty tasks or so: one that is slow takes long for each of them, where tasks differ it does
/// for some.
void Scheduler::learn_of_worker(Worker& worker, std::uint16_t kind, Time run_time) {
  if (!worker.is_far()) return;  // those of one machine are alike
  const auto average = expected(kind);
  if (!average || measured_[kind] < enough_measured) return;
  const double took = static_cast<double>(run_time.count()) / static_cast<double>(average->count());
  constexpr double forgets = 1.05;
  if (!std::exchange(worker.is_known, true)) {
    worker.slowness = std::clamp(took, 0.1, 100.0);
    return;
  }
  const double differs = std::abs(took - worker.slowness) / std::max(took, worker.slowness);
  spread_ += (differs - spread_) / 8;
  worker.slowness = std::clamp(std::min(worker.slowness * forgets, took), 0.1, 100.0);
}

/// A task of this kind, on this worker. Most differ by less than tasks of a kind do: only slow ones are told apart.
Time Scheduler::time_at(const Worker& worker, std::uint16_t kind) const noexcept {
  const auto average = expected(kind);
  if (!average) return policy_.horizon;
  if (!is_slow(worker)) return *average;
  return std::chrono::duration_cast<Time>(*average * worker.slowness);
}

}  // namespace mw::scheduler
