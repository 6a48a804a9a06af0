#include "master/measure_ledger.hpp"

#include <atomic>
#include <exception>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "log/escaped.hpp"
#include "log/log.hpp"

namespace mw::detail {
namespace {

/// Once in a process: whoever sends such things may send many.
void warn_once(std::atomic<bool>& has_warned, const std::string& text) {
  if (!has_warned.exchange(true)) log::warn(text);
}

MeasureStatus status_of(const measure::Measures::One& one) {
  const bool is_time = one.kind == measure::Kind::time;
  const double unit = is_time ? 1e-9 : 1;
  const measure::Histogram& values = *one.values;
  return {.name = std::string{one.name},
          .is_time = is_time,
          .count = values.count(),
          .sum = values.sum() * unit,
          .min = static_cast<double>(values.min()) * unit,
          .max = static_cast<double>(values.max()) * unit,
          .p50 = values.quantile(0.5) * unit,
          .p99 = values.quantile(0.99) * unit};
}

std::vector<MeasureStatus> statuses_of(const measure::Measures& measures) {
  std::vector<MeasureStatus> list;
  for (const auto& one : measures.sorted()) list.push_back(status_of(one));
  return list;
}

}  // namespace

std::optional<MeasureLedger::Held> MeasureLedger::read(const TaskRecord& task, const Outcome& how) noexcept {
  if (!how.measured) return std::nullopt;
  try {
    return Held{task.id, measure::decoded(how.measured->span())};
  } catch (const std::exception& e) {
    static std::atomic<bool> has_warned{false};
    warn_once(has_warned, fmt::format("what task {} ({}) has counted is dropped, and so is what comes like it from others: its "
                                      "worker sent bytes that do not decode ({})",
                                      task.id, task.name(), e.what()));
    return std::nullopt;
  }
}

void MeasureLedger::copy_done(const TaskRecord& copy, const Outcome* how) noexcept {
  held_of_copy_.reset();
  if (how && !how->failure) held_of_copy_ = read(copy, *how);
}

void MeasureLedger::task_overtaken(const TaskRecord& task) noexcept {
  held_ = std::exchange(held_of_copy_, std::nullopt);
  if (held_ && held_->task != task.id) held_.reset();
}

void MeasureLedger::task_ended(const TaskRecord& task, TaskState state) noexcept {
  const auto held = std::exchange(held_, std::nullopt);
  if (!held || held->task != task.id || state == TaskState::cancelled) return;
  bool have_all_room = true;
  for (const auto& one : held->measures.sorted()) {
    const std::string name = log::escaped(one.name);  // it goes to terminals, JSON and labels
    const bool has_room = all_.add(one.kind, name, *one.values);
    if (has_room) since_.add(one.kind, name, *one.values);
    have_all_room = have_all_room && has_room;
  }
  if (have_all_room) return;
  static std::atomic<bool> has_warned{false};
  warn_once(has_warned,
            fmt::format("tasks count and time under more than {} names: what task {} ({}) and others have under more of "
                        "them is dropped; names should not hold what differs from task to task",
                        measure::most_names, task.id, task.name()));
}

std::vector<MeasureStatus> MeasureLedger::statuses() const { return statuses_of(all_); }

std::vector<MeasureStatus> MeasureLedger::take() {
  auto list = statuses_of(since_);
  since_.clear();
  return list;
}

}  // namespace mw::detail
