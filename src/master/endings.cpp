// MasterCore: how a task begins and ends.
#include <algorithm>

#include <fmt/format.h>

#include "log/log.hpp"
#include "master/core.hpp"
#include "master/core_helpers.hpp"

namespace mw::detail {
namespace {

/// Whether another try might fare better, and the task itself is to blame.
bool is_own_fault(Cause cause) noexcept {
  switch (cause) {
    case Cause::exception:
    case Cause::exit_status:
    case Cause::signal:
    case Cause::time_limit:
    case Cause::memory_limit:
    case Cause::not_started:
    case Cause::data_file: return true;
    default: return false;
  }
}

}  // namespace

void MasterCore::started(TaskRecord& record, WorkerId worker) {
  if (record.state.load(std::memory_order_relaxed) == TaskState::running) return;
  record.last_worker.store(worker, std::memory_order_relaxed);
  const auto start = now_ns();
  record.start_ns.store(start, std::memory_order_release);
  record.state.store(TaskState::running, std::memory_order_release);
  Statistics::add(statistics_.running);
  if (record.find_extra() && record.options().hard_limit.count() > 0) deadlines_.set(record, now() + record.options().hard_limit);
}

void MasterCore::finish(TaskRecord& record, Outcome outcome) {
  if (outcome.failure && retry(record, *outcome.failure)) {
    scheduler_.again(record, now());
    return;
  }
  scheduler_.finished(record, now(), outcome.run_time);
  const TaskState state = outcome.failure ? TaskState::error : TaskState::finished;
  end_with(record, state, std::move(outcome));
}

/// Counts the fault. True if the task may run again; then it is as if it had not begun.
bool MasterCore::retry(TaskRecord& record, const Failure& failure) {
  if (!is_own_fault(failure.cause)) return false;
  TaskExtra& extra = record.need_extra();
  ++extra.faults;
  if (extra.faults > extra.options.retries || ending_) return false;
  Statistics::add(statistics_.retries);
  unstart(record);
  return true;
}

/// Back from running to waiting.
void MasterCore::unstart(TaskRecord& record) {
  if (record.find_extra()) deadlines_.clear(record);
  if (record.state.load(std::memory_order_relaxed) != TaskState::running) return;
  Statistics::subtract(statistics_.running);
  record.state.store(TaskState::submitted, std::memory_order_release);
  record.progress.store(0, std::memory_order_relaxed);
}

void MasterCore::lose(TaskRecord& record, Outcome outcome) {
  Statistics::add(statistics_.lost);
  const std::string why = outcome.failure ? outcome.failure->message : std::string{};
  const auto worker = directory_->find(record.last_worker.load(std::memory_order_relaxed));
  if (scheduler_.lost(record, now(), record.options().max_losses) == scheduler::Verdict::give_up) {
    end_with(record, TaskState::error, std::move(outcome));
    return;
  }
  log::warn(fmt::format("{} was lost under task {} ({}): {}; it runs again", worker.name, record.id, record.name(), why));
  unstart(record);
}

void MasterCore::end_with(TaskRecord& record, TaskState state, Outcome outcome) {
  if (record.state.load(std::memory_order_relaxed) == TaskState::running) Statistics::subtract(statistics_.running);
  if (record.find_extra()) deadlines_.clear(record);
  record.finish_ns = now_ns();
  record.run_ns = outcome.run_time.count();
  if (outcome.failure) {
    TaskExtra& extra = record.need_extra();
    extra.failure = std::move(*outcome.failure);
    if (record.start_ns.load(std::memory_order_relaxed) != 0) {
      auto worker = directory_->find(record.last_worker.load(std::memory_order_relaxed));
      extra.worker = std::move(worker.name);
      extra.host = std::move(worker.host);
    }
  }
  if (!outcome.out.empty()) record.need_extra().out = std::move(outcome.out);
  if (!outcome.err.empty()) record.need_extra().err = std::move(outcome.err);
  // A task that was stopped may still run somewhere, and read its arguments.
  if (record.schedule == scheduler::ItemState::done && state != TaskState::cancelled) record.payload = std::move(outcome.value);
  statistics_.ended(record, state);
  record.state.store(state);
  completions_.publish(RecordPtr::adopt(&record));
}

void MasterCore::end_all(TaskState state, const Failure& failure) {
  auto items = scheduler_.waiting();
  if (state == TaskState::cancelled) {
    const auto assigned = scheduler_.assigned();
    items.insert(items.end(), assigned.begin(), assigned.end());
  }
  for (scheduler::Item* item : items) {
    scheduler_.withdraw(*item, now());
    Outcome outcome;
    outcome.failure = failure;
    end_with(record_of(*item), state, std::move(outcome));
  }
}

}  // namespace mw::detail
