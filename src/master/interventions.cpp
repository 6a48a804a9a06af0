// MasterCore: tasks that are stopped or taken back: cancelled, out of time, or stuck behind a slow one.
#include <algorithm>

#include <fmt/format.h>

#include "log/log.hpp"
#include "master/core.hpp"
#include "master/core_helpers.hpp"

namespace mw::detail {

/// Takes a running task off its worker and tells the interface to stop it. The slot stays taken until the interface reports the
/// end.
void MasterCore::abandon(TaskRecord& record) {
  const TaskRef task{RecordPtr::share(&record), record.attempt};
  const WorkerId worker = record.worker;
  if (worker != any_worker) abandoned_.push_back({task, worker});
  scheduler_.abandon(record, now());
  try {
    interface_->abort_task(task, worker);
    interface_->flush();
  } catch (...) {
    log::warn(fmt::format("the interface \"{}\" did not stop task {}: {}", interface_name_, record.id, current_exception_text()));
  }
}

void MasterCore::free_abandoned(const TaskRef& task) {
  const auto place = std::find_if(abandoned_.begin(), abandoned_.end(), [&](const Abandoned& one) {
    return one.task.record() == task.record() && one.task.attempt() == task.attempt();
  });
  if (place == abandoned_.end()) return;
  scheduler_.release(place->worker);
  abandoned_.erase(place);
}

void MasterCore::cancel_now(TaskRecord& record) {
  must_dispatch_ = true;
  Outcome outcome = failed(Cause::cancelled, "it was cancelled");
  const auto revoked = [&] {
    try {
      return interface_->revoke_task(TaskRef{RecordPtr::share(&record), record.attempt}, record.worker);
    } catch (...) {
      return false;
    }
  };
  if (record.schedule == scheduler::ItemState::queued || revoked())
    scheduler_.withdraw(record, now());
  else
    abandon(record);
  end_with(record, TaskState::cancelled, std::move(outcome));
}

void MasterCore::out_of_time(TaskRecord& record) {
  if (record.schedule != scheduler::ItemState::assigned) return;
  const double seconds = std::chrono::duration<double>(record.options().hard_limit).count();
  Outcome outcome = failed(Cause::time_limit, fmt::format("it ran longer than its limit of {} s", seconds));
  outcome.run_time = scheduler::Time{now_ns()} - scheduler::Time{record.start_ns.load(std::memory_order_relaxed)};
  abandon(record);
  if (retry(record, *outcome.failure)) {
    scheduler_.submit_again(record);
    must_dispatch_ = true;
    return;
  }
  end_with(record, TaskState::error, std::move(outcome));
}

/// Tasks that no worker has begun go elsewhere: at once, or when the interface says task_returned().
void MasterCore::take_back(const std::vector<scheduler::Assignment>& list) {
  std::vector<scheduler::Item*> returned;
  for (const auto& [item, worker] : list) {
    TaskRecord& record = record_of(*item);
    bool is_back = false;
    try {
      is_back = interface_->revoke_task(TaskRef{RecordPtr::share(&record), record.attempt}, worker);
    } catch (...) {
      log::warn(
          fmt::format("the interface \"{}\" did not give task {} back: {}", interface_name_, record.id, current_exception_text()));
    }
    if (is_back) returned.push_back(item);
  }
  if (!list.empty()) interface_->flush();
  if (returned.empty()) return;
  must_dispatch_ = true;
  Statistics::subtract(statistics_.attempts, returned.size());
  scheduler_.returned(std::move(returned), now());
}

void MasterCore::set_timer() {
  auto when = deadlines_.next();
  if (choice_awaited_since_) {
    const auto limit = *choice_awaited_since_ + choice_patience_;
    when = when ? std::min(*when, limit) : limit;
  }
  if (scheduler_.has_tasks_ahead() || scheduler_.holds_back()) {
    constexpr std::chrono::milliseconds interval{2};
    if (timer_set_for_ && !when) return;  // soon enough
    const auto look = now() + interval;
    when = when ? std::min(*when, look) : look;
  }
  if (!when || (timer_set_for_ && *timer_set_for_ <= *when)) return;
  timer_set_for_ = when;
  loop_.call_at(std::chrono::steady_clock::time_point{*when + process::time_stopped()}, [this] { on_timer(); });
}

void MasterCore::on_timer() {
  timer_set_for_.reset();
  if (ending_) return;
  const auto time = now();
  if (choice_awaited_since_ && time >= *choice_awaited_since_ + choice_patience_) must_dispatch_ = true;
  while (scheduler::Item* item = deadlines_.due(time)) out_of_time(record_of(*item));
  take_back(scheduler_.overdue(now()));
  if (scheduler_.holds_back()) must_dispatch_ = true;
}

/// Every task that is somewhere is queued again, as if it had not been given out; no worker is left.
void MasterCore::requeue_all() {
  interface_is_out_ = true;
  for (const auto& [number, slots] : slots_of_) {
    directory_->left(WorkerId{number});
    for (scheduler::Item* item : scheduler_.worker_left(WorkerId{number})) unstart(record_of(*item));
  }
  slots_of_.clear();
  slots_ = 0;
  auto elsewhere = scheduler_.assigned();
  for (auto item = elsewhere.rbegin(); item != elsewhere.rend(); ++item) {
    unstart(record_of(**item));
    scheduler_.again(**item, now());
  }
  abandoned_.clear();
}

}  // namespace mw::detail
