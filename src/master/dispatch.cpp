// MasterCore: which task goes where.
#include <algorithm>
#include <chrono>
#include <iterator>
#include <stdexcept>

#include <fmt/format.h>

#include <mw/detail/task_access.hpp>

#include "core/needs_text.hpp"
#include "log/log.hpp"
#include "master/core.hpp"
#include "master/core_helpers.hpp"

namespace mw::detail {

/// One round: tasks that wait go to workers that are free.
void MasterCore::dispatch() {
  // A backend may finish a task inside execute_task(): the outer call goes on with what that made free.
  if (dispatching_ || (journal_ && journal_->is_behind()) || !machine_.begin_round(moment())) return settle();
  dispatching_ = true;
  if (!chooses_)
    dispatch_by_interface();
  else if (options_.scheduler_func)
    dispatch_by_choice();
  else
    dispatch_by_master();
  if (chooses_) look_for_absent_workers();
  if (chooses_) say_what_waits();
  interface_->flush();
  dispatching_ = false;
  settle();
  if (machine_.wants_round()) loop_.post([] {});  // something changed meanwhile
}

void MasterCore::dispatch_by_master() {
  const core::Moment now = moment();
  while (const auto next = machine_.next(now)) execute(*next);
  while (const auto copy = machine_.next_copy(now)) execute(*copy);
  take_back(machine_.surplus());
}

/// What could not be given out: an interface may have workers that rest.
void MasterCore::say_what_waits() {
  const WorkerId starting = starts_.empty() ? any_worker : starts_.waiting();
  interface_->tasks_wait(machine_.waiting_for_any_count(), starting != any_worker ? starting : machine_.awaited_at_rest());
}

void MasterCore::dispatch_by_choice() {
  while (const auto next = machine_.next_named(moment())) execute(*next);
  std::vector<WorkerView> free;
  for (const WorkerId id : machine_.free_workers()) {
    auto entry = directory_->find(id);
    free.push_back({id, std::move(entry.name), std::move(entry.host), machine_.resources_of(id)});
  }
  auto waiting = machine_.waiting_tasks();
  while (!free.empty() && machine_.has_interface()) {
    TaskRecord* const record = waiting.next();
    if (!record) break;
    std::vector<WorkerView> able;
    const bool has_needs = !record->options().needs.empty();
    if (has_needs)
      std::copy_if(free.begin(), free.end(), std::back_inserter(able),
                   [&](const WorkerView& one) { return machine_.may_run_at(*record, one.id); });
    const std::vector<WorkerView>& offered = has_needs ? able : free;
    if (offered.empty()) continue;
    const auto choice = chosen(*record, offered);
    if (!choice) continue;
    const WorkerId worker = offered[*choice].id;
    std::erase_if(free, [worker](const WorkerView& one) { return one.id == worker; });
    execute(machine_.assign(*record, worker, moment()));
  }
  watch_choice(free.size());
}

/// What scheduler_func says. Where it throws, the task has ended.
std::optional<std::size_t> MasterCore::chosen(TaskRecord& task, std::span<const WorkerView> free) {
  try {
    const auto choice = options_.scheduler_func(TaskHandle{RecordPtr{&task}}, free);
    if (choice && *choice >= free.size()) throw std::out_of_range{fmt::format("{} of {} workers", *choice, free.size())};
    return choice;
  } catch (...) {
    const std::string text = current_exception_text();
    machine_.refuse(task, core::failed(Cause::interface_error, "scheduler_func threw: " + text), moment());
    return std::nullopt;
  }
}

void MasterCore::watch_choice(std::size_t free) {
  const TaskRecord* const first = machine_.waiting_tasks().next();
  const auto waited = choice_watch_.look(first && free != 0 && machine_.handed_out_count() == 0, moment().time);
  if (!waited) return;
  log::warn(fmt::format(
      "{} tasks wait and nothing runs: scheduler_func has named none of the {} free workers for {:.3g} s. The first is task {} "
      "({}). It is asked again when a task or a worker comes, and after {:.3g} s",
      machine_.waiting_count(), free, std::chrono::duration<double>{*waited}.count(), first->id, first->name(),
      std::chrono::duration<double>{choice_watch_.patience()}.count()));
}

/// Whether an interface that chooses its workers by itself has none for it; then the task has ended.
bool MasterCore::is_refused(TaskRecord& task) {
  std::string why;
  const TaskOptions& options = task.options();
  if (!options.worker.empty() && options.worker != directory_->find(any_worker).name)
    why = fmt::format("it is for the worker \"{}\", and the interface \"{}\" chooses its workers by itself", options.worker,
                      interface_name_);
  else if (!options.needs.empty())
    if (const std::string refusal = interface_->refusal_of(options.needs); !refusal.empty())
      why = fmt::format("it needs {}, and {} (interface \"{}\")", core::text_of(options.needs), refusal, interface_name_);
  if (!why.empty()) machine_.refuse(task, core::failed(Cause::no_worker, why), moment());
  return !why.empty();
}

void MasterCore::dispatch_by_interface() {
  while (TaskRecord* record = machine_.first_waiting()) {
    std::optional<WorkerId> worker;
    try {
      if (is_refused(*record)) continue;
      worker = interface_->reserve_worker(TaskAccess::make(RecordPtr{record}, record->attempt + 1));
    } catch (...) {
      const std::string text = current_exception_text();
      machine_.refuse(*record, core::failed(Cause::interface_error, "reserve_worker threw: " + text), moment());
      continue;
    }
    if (!worker) return;
    bring_start_call(*record);
    execute(machine_.assign(*record, *worker, moment()));
  }
}

void MasterCore::execute(const core::Handed& next) {
  try {
    interface_->execute_task(next.task, next.worker);
  } catch (const UnknownWorker& e) {
    refused(next, e.what());
  } catch (...) {
    if (!machine_.is_current(next.task)) return;
    const std::string text = current_exception_text();
    machine_.finished(next.task,
                      core::failed(Cause::interface_error, fmt::format("{}: execute_task threw: {}", interface_name_, text)),
                      moment());
  }
  if (machine_.has_ended()) settle();
}

/// The interface does not have this worker. What it was given goes elsewhere.
void MasterCore::refused(const core::Handed& next, const std::string& why) {
  if (!machine_.is_current(next.task)) return;
  if (!chooses_) {  // it reserved that worker itself, and would again
    return machine_.finished(
        next.task,
        core::failed(Cause::interface_error, fmt::format("{} reserved a worker that it does not know: {}", interface_name_, why)),
        moment());
  }
  const auto entry = directory_->find(next.worker);
  if (!directory_->has_left(next.worker))
    log::warn(fmt::format("{} on {} is given no more tasks: {}", entry.name, entry.host, why));
  machine_.worker_left(next.worker, {}, moment());
}

/// Tasks that no worker has begun go elsewhere: at once, or when the interface says task_returned().
void MasterCore::take_back(const std::vector<core::Handed>& list) {
  if (list.empty()) return;
  std::vector<TaskRef> returned;
  for (const auto& [task, worker] : list) {
    try {
      if (interface_->revoke_task(task, worker)) returned.push_back(task);
    } catch (...) {
      log::warn(
          fmt::format("the interface \"{}\" did not give task {} back: {}", interface_name_, task.id(), current_exception_text()));
    }
  }
  interface_->flush();
  machine_.returned(returned, moment());
}

}  // namespace mw::detail
