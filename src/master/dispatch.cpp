// MasterCore: which task goes where.
#include <algorithm>
#include <chrono>
#include <stdexcept>

#include <fmt/format.h>

#include "log/log.hpp"
#include "master/core.hpp"
#include "master/core_helpers.hpp"

namespace mw::detail {

void MasterCore::dispatch() {
  must_dispatch_ = false;
  // A backend may finish a task inside execute_task(): the outer call goes on with what that made free.
  if (dispatching_ || ending_ || interface_is_out_) return;
  dispatching_ = true;
  if (no_worker_) {
    Failure failure;
    failure.cause = Cause::no_worker;
    failure.message = *no_worker_;
    end_all(TaskState::error, failure);
  } else if (!chooses_) {
    dispatch_by_interface();
  } else if (options_.scheduler_func) {
    dispatch_by_choice();
  } else {
    dispatch_by_master();
  }
  interface_->flush();
  dispatching_ = false;
  if (must_dispatch_) loop_.post([] {});  // something changed meanwhile
}

void MasterCore::dispatch_by_master() {
  const auto time = now();
  while (auto next = interface_is_out_ ? std::nullopt : scheduler_.next(time)) execute(record_of(*next->item), next->worker);
  if (scheduler_.has_tasks_ahead()) take_back(scheduler_.surplus());
}

void MasterCore::dispatch_by_choice() {
  std::vector<WorkerView> free;
  for (const WorkerId id : scheduler_.free_workers()) {
    auto entry = directory_->find(id);
    free.push_back({id, std::move(entry.name), std::move(entry.host)});
  }
  for (scheduler::Item* item = scheduler_.front(); item && !free.empty() && !interface_is_out_;) {
    scheduler::Item* const next = scheduler_.after(*item);
    TaskRecord& record = record_of(*item);
    std::optional<std::size_t> choice;
    try {
      choice = options_.scheduler_func(TaskHandle{RecordPtr::share(&record)}, free);
      if (choice && *choice >= free.size()) throw std::out_of_range{fmt::format("{} of {} workers", *choice, free.size())};
    } catch (...) {
      const std::string text = current_exception_text();
      scheduler_.withdraw(*item, now());
      end_with(record, TaskState::error, failed(Cause::interface_error, "scheduler_func threw: " + text));
      choice.reset();
    }
    if (choice) {
      const WorkerId worker = free[*choice].id;
      free.erase(free.begin() + static_cast<std::ptrdiff_t>(*choice));
      scheduler_.assign(*item, worker, now());
      execute(record, worker);
    }
    item = next;
  }
  watch_choice(free.size());
}

/// As long as the user said, in a unit that has no room for all of that.
scheduler::Time MasterCore::first_patience() const noexcept {
  return std::min<std::chrono::milliseconds>(options_.warn_after, std::chrono::hours{24 * 365});
}

/// Says so when tasks wait for scheduler_func's word only.
void MasterCore::watch_choice(std::size_t free) {
  const auto* const first = scheduler_.front();
  const auto time = now();
  if (!first || free == 0 || scheduler_.assigned_count() != 0 || !abandoned_.empty() || options_.warn_after.count() <= 0) {
    choice_awaited_since_.reset();
    choice_patience_ = first_patience();
    return;
  }
  if (!choice_awaited_since_) choice_awaited_since_ = time;
  const auto waited = time - *choice_awaited_since_;
  if (waited < choice_patience_) return;
  choice_patience_ *= 2;
  const auto& record = static_cast<const TaskRecord&>(*first);
  log::warn(fmt::format(
      "{} tasks wait and nothing runs: scheduler_func has named none of the {} free workers for {:.3g} s. The first is task {} "
      "({}). It is asked again when a task or a worker comes, and after {:.3g} s",
      scheduler_.queued_count(), free, std::chrono::duration<double>{waited}.count(), record.id, record.name(),
      std::chrono::duration<double>{choice_patience_}.count()));
}

void MasterCore::dispatch_by_interface() {
  while (scheduler::Item* item = interface_is_out_ ? nullptr : scheduler_.front()) {
    TaskRecord& record = record_of(*item);
    std::optional<WorkerId> worker;
    try {
      worker = interface_->reserve_worker(TaskRef{RecordPtr::share(&record), item->attempt + 1});
    } catch (...) {
      const std::string text = current_exception_text();
      scheduler_.withdraw(*item, now());
      end_with(record, TaskState::error, failed(Cause::interface_error, "reserve_worker threw: " + text));
      continue;
    }
    if (!worker) return;
    scheduler_.assign_front(*worker, now());
    execute(record, *worker);
  }
}

void MasterCore::execute(TaskRecord& record, WorkerId worker) {
  Statistics::add(statistics_.attempts);
  const TaskRef task{RecordPtr::share(&record), record.attempt};
  try {
    interface_->execute_task(task, worker);
  } catch (const UnknownWorker& e) {
    if (!is_current(task)) return;
    if (chooses_) return forget_worker(worker, e.what());
    // It reserved that worker itself, and would again.
    finish(record, failed(Cause::interface_error,
                          fmt::format("{} reserved a worker that it does not know: {}", interface_name_, e.what())));
  } catch (...) {
    if (!is_current(task)) return;
    const std::string text = current_exception_text();
    finish(record, failed(Cause::interface_error, fmt::format("{}: execute_task threw: {}", interface_name_, text)));
  }
}

/// The interface does not have this worker. What it was given goes elsewhere.
void MasterCore::forget_worker(WorkerId worker, const std::string& why) {
  const auto entry = directory_->find(worker);
  if (!directory_->has_left(worker)) log::warn(fmt::format("{} on {} is given no more tasks: {}", entry.name, entry.host, why));
  drop_worker(worker);
}

}  // namespace mw::detail
