#include "core/machine.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <mw/detail/task_access.hpp>

#include "core/needs_text.hpp"

namespace mw::core {
namespace {

using detail::record_of;
using scheduler::ItemState;

/// Whether another try might fare better, and the task itself is to blame.
bool is_own_fault(Cause cause) noexcept {
  switch (cause) {
    case Cause::exception:
    case Cause::exit_status:
    case Cause::signal:
    case Cause::time_limit:
    case Cause::memory_limit:
    case Cause::not_started:
    case Cause::data_file:
    case Cause::output_file: return true;
    default: return false;
  }
}

TaskRef ref_of(TaskRecord& task) { return TaskAccess::make(RecordPtr{&task}, task.attempt); }
TaskRecord& record_of(const TaskRef& task) noexcept { return *TaskAccess::record(task); }

/// Where it may run.
scheduler::Terms terms_of(const scheduler::Item& item) {
  const detail::TaskExtra* const extra = static_cast<const TaskRecord&>(item).find_extra();
  if (!extra) return {};
  return {extra->options.worker.empty() ? nullptr : &extra->options.worker, extra->needs};
}

bool may_copy(const scheduler::Item& item) { return may_have_copy(static_cast<const TaskRecord&>(item)); }

}  // namespace

Outcome failed(Cause cause, std::string message) {
  Outcome outcome;
  outcome.failure.emplace();
  outcome.failure->cause = cause;
  outcome.failure->message = std::move(message);
  return outcome;
}

TaskMachine::TaskMachine(detail::WorkerDirectory& directory, scheduler::Policy policy)
    : directory_{directory}, scheduler_{policy, terms_of, may_copy} {}

TaskMachine::~TaskMachine() {
  while (take_ended()) continue;
}

bool TaskMachine::is_current(const TaskRef& task) const noexcept {
  const TaskRecord& record = record_of(task);
  return record.schedule == ItemState::assigned && record.attempt == task.attempt();
}

std::optional<Handed> TaskMachine::running(TaskRecord& task) const {
  if (task.schedule != ItemState::assigned || task.worker == any_worker || state_of(task) != TaskState::running)
    return std::nullopt;
  return Handed{TaskAccess::make(RecordPtr{&task}, task.attempt.load(std::memory_order_relaxed)), task.worker};
}

// What happens to tasks

void TaskMachine::submit(TaskRecord& task, const Moment& now) {
  wants_round_ = true;
  tell([&](Observer& observer) { observer.submitted(task); });
  queue_new(task, now);
  if (!is_ending_) return;
  scheduler_.withdraw(task, now.time);
  end(task, TaskState::cancelled, failed(Cause::cancelled, "its master was ending when it came"), now);
}

void TaskMachine::started(const TaskRef& task, WorkerId worker, const Moment& now) {
  TaskRecord& record = record_of(task);
  if (is_ending_ || !is_current(task) || state_of(record) == TaskState::running) return;
  if (copies_.task_of(record)) return copy_started(record, worker, now);
  record.last_worker.store(worker, std::memory_order_relaxed);
  record.start_ns.store(now.clock_ns, std::memory_order_release);
  record.state.store(TaskState::running, std::memory_order_release);
  if (record.find_extra() && record.options().hard_limit.count() > 0)
    deadlines_.set(record, now.time + record.options().hard_limit);
  tell([&](Observer& observer) { observer.started(record, worker, now); });
}

void TaskMachine::progressed(const TaskRef& task, double fraction) {
  if (!(fraction >= 0 && fraction <= 1) || !is_current(task) || copies_.task_of(record_of(task))) return;
  record_of(task).progress.store(static_cast<float>(fraction), std::memory_order_relaxed);
  tell([&](Observer& observer) { observer.progressed(record_of(task)); });
}

void TaskMachine::arrived(const TaskRef& task, const Moment& now) {
  if (!is_current(task)) return;
  TaskRecord& record = record_of(task);
  if (record.find_extra()) deadlines_.clear(record);
  scheduler_.detach(record, now.time);
  wants_round_ = true;
}

void TaskMachine::finished(const TaskRef& task, Outcome&& outcome, const Moment& now) {
  if (!is_current(task)) return stopped(task);
  wants_round_ = true;
  TaskRecord& record = record_of(task);
  if (copies_.task_of(record)) return copy_finished(record, std::move(outcome), now);
  tell([&](Observer& observer) { observer.done(record, outcome, now); });
  if (outcome.failure && retries(record, *outcome.failure)) {
    scheduler_.again(record, now.time);
    return queued_again(record, Again::fault, now);
  }
  scheduler_.finished(record, now.time, outcome.run_time);
  const TaskState state = outcome.failure ? TaskState::error : TaskState::finished;
  end(record, state, std::move(outcome), now);
}

void TaskMachine::lost(const TaskRef& task, Outcome&& outcome, const Moment& now) {
  if (!is_current(task)) return stopped(task);
  wants_round_ = true;
  lose(record_of(task), std::move(outcome), now);
}

void TaskMachine::lose(TaskRecord& task, Outcome&& outcome, const Moment& now) {
  if (copies_.task_of(task)) return copy_gone(task, CopyEnd::lost, &outcome, now);
  tell([&](Observer& observer) { observer.lost(task, outcome, now); });
  if (scheduler_.lost(task, now.time, task.options().max_losses) == scheduler::Verdict::run_again)
    return queued_again(task, Again::lost, now);
  end(task, TaskState::error, std::move(outcome), now);
}

void TaskMachine::returned(const TaskRef& task, const Moment& now) {
  if (!is_current(task)) return stopped(task);
  returned(std::vector{task}, now);
}

void TaskMachine::returned(const std::vector<TaskRef>& tasks, const Moment& now) {
  std::vector<scheduler::Item*> items;
  for (const TaskRef& task : tasks)
    if (is_current(task)) items.push_back(&record_of(task));
  if (items.empty()) return;
  wants_round_ = true;
  scheduler_.returned(items, now.time);
  for (scheduler::Item* item : items) queued_again(record_of(*item), Again::unbegun, now);
}

void TaskMachine::stopped(const TaskRef& task) {
  const auto place = std::find_if(abandoned_.begin(), abandoned_.end(), [&](const Handed& one) { return one.task == task; });
  wants_round_ = true;  // an interface that schedules by itself may have room
  if (place == abandoned_.end()) return;
  scheduler_.release(place->worker);
  abandoned_.erase(place);
}

bool TaskMachine::cancel(TaskRecord& task, const Moment& now) {
  if (detail::is_done(state_of(task))) return false;
  wants_round_ = true;
  if (task.schedule == ItemState::queued)
    scheduler_.withdraw(task, now.time);
  else if (!dependents_.remove(task))
    abandon(task, true, now);
  end(task, TaskState::cancelled, failed(Cause::cancelled, "it was cancelled"), now);
  return true;
}

void TaskMachine::refuse(TaskRecord& task, Outcome&& outcome, const Moment& now) {
  if (task.schedule != ItemState::queued) return;
  scheduler_.withdraw(task, now.time);
  end(task, TaskState::error, std::move(outcome), now);
}

/// Counts the fault. True if the task may run again.
bool TaskMachine::retries(TaskRecord& task, const Failure& failure) {
  if (!is_own_fault(failure.cause)) return false;
  detail::TaskExtra& extra = task.need_extra();
  ++extra.faults;
  return extra.faults <= extra.options.retries && !is_ending_;
}

/// It waits, as if it had not begun.
void TaskMachine::queued_again(TaskRecord& task, Again why, const Moment& now) {
  if (copies_.task_of(task)) return copy_gone(task, CopyEnd::dropped, nullptr, now);
  if (task.find_extra()) deadlines_.clear(task);
  const bool was_running = state_of(task) == TaskState::running;
  if (was_running) {
    task.state.store(TaskState::submitted, std::memory_order_release);
    task.progress.store(0, std::memory_order_relaxed);
  }
  tell([&](Observer& observer) { observer.queued_again(task, why, was_running, now); });
}

/// Takes a task off its worker, which has it still: the slot stays taken until that is heard of.
void TaskMachine::abandon(TaskRecord& task, bool may_be_unbegun, const Moment& now) {
  const WorkerId worker = task.worker;
  stops_.push_back({ref_of(task), worker, may_be_unbegun});
  if (worker != any_worker) abandoned_.push_back({ref_of(task), worker});
  scheduler_.abandon(task, now.time);
}

void TaskMachine::end(TaskRecord& task, TaskState state, Outcome&& outcome, const Moment& now) {
  drop_copy(task, now);
  if (task.find_extra()) deadlines_.clear(task);
  task.finish_ns = now.clock_ns;
  task.run_ns = outcome.run_time.count();
  if (outcome.failure) {
    detail::TaskExtra& extra = task.need_extra();
    extra.failure = std::move(*outcome.failure);
    if (task.start_ns.load(std::memory_order_relaxed) != 0) {
      auto worker = directory_.find(task.last_worker.load(std::memory_order_relaxed));
      extra.worker = std::move(worker.name);
      extra.host = std::move(worker.host);
    }
  }
  if (!outcome.out.empty()) task.need_extra().out = std::move(outcome.out);
  if (!outcome.err.empty()) task.need_extra().err = std::move(outcome.err);
  // A task that was stopped may still run somewhere, or be on its way there, and what it is called with is read.
  const bool is_nowhere = task.schedule == ItemState::done && state != TaskState::cancelled;
  if (is_nowhere || state == TaskState::finished) task.payload = std::move(outcome.value);
  if (is_nowhere) {
    if (detail::TaskExtra* const extra = task.find_extra()) {
      extra->shared.clear();
      extra->start_values = 0;
      extra->checkpoint.reset();
    }
  }
  tell([&](Observer& observer) { observer.ended(task, state, now); });
  task.state.store(state);
  task.next = nullptr;
  (ended_last_ ? ended_last_->next : ended_first_) = &task;
  ended_last_ = &task;
  if (!dependents_.empty()) free_dependents(task, now);
}

RecordPtr TaskMachine::take_ended() noexcept {
  if (!ended_first_) return {};
  scheduler::Item& item = *ended_first_;
  ended_first_ = std::exchange(item.next, nullptr);
  if (!ended_first_) ended_last_ = nullptr;
  return RecordPtr{&record_of(item), false};
}

void TaskMachine::end_waiting(TaskState state, const Failure& failure, const Moment& now) {
  for (scheduler::Item* item : scheduler_.waiting()) {
    scheduler_.withdraw(*item, now.time);
    Outcome outcome;
    outcome.failure = failure;
    end(record_of(*item), state, std::move(outcome), now);
  }
}

void TaskMachine::end_all(const std::string& why, const Moment& now) {
  is_ending_ = true;
  const Failure failure = *failed(Cause::cancelled, why).failure;
  end_waiting(TaskState::cancelled, failure, now);
  for (scheduler::Item* item : scheduler_.assigned())
    if (copies_.task_of(record_of(*item))) copy_gone(record_of(*item), CopyEnd::dropped, nullptr, now);
  for (scheduler::Item* item : scheduler_.assigned()) {
    scheduler_.withdraw(*item, now.time);
    Outcome outcome;
    outcome.failure = failure;
    end(record_of(*item), TaskState::cancelled, std::move(outcome), now);
  }
}

// What happens to workers and their interface

void TaskMachine::worker_joined(WorkerId worker, const WorkerInfo& info, const Moment& now) {
  if (is_ending_ || !has_interface_) return directory_.left(worker);
  if (worker == any_worker || directory_.has_left(worker) || slots_of_.contains(index_of(worker))) return;
  const std::uint32_t slots = std::max(info.slots, 1u);
  // A process of many is known by the name that all of them have, and by its own.
  std::vector<std::string> names{info.name};
  if (auto own = directory_.find(worker).name; own != info.name) names.push_back(std::move(own));
  scheduler_.worker_joined(worker, {slots, info.ahead, info.round_trip}, std::move(names), core::resources_of(info));
  slots_of_[index_of(worker)] = slots;
  slots_ += slots;
  wants_round_ = true;
  tell([&](Observer& observer) { observer.worker_joined(worker, info, now); });
}

void TaskMachine::worker_left(WorkerId worker, std::vector<LostTask> lost, const Moment& now) {
  for (LostTask& one : lost)
    if (is_current(one.task)) lose(record_of(one.task), std::move(one.outcome), now);
  wants_round_ = true;
  if (worker == any_worker) return;
  directory_.left(worker);
  for (scheduler::Item* item : scheduler_.worker_left(worker)) queued_again(record_of(*item), Again::unbegun, now);
  std::erase_if(abandoned_, [worker](const Handed& one) { return one.worker == worker; });
  forget_slots(worker, now);
}

void TaskMachine::forget_slots(WorkerId worker, const Moment& now) {
  const auto place = slots_of_.find(index_of(worker));
  if (place == slots_of_.end()) return;
  slots_ -= place->second;
  slots_of_.erase(place);
  tell([&](Observer& observer) { observer.worker_left(worker, now); });
}

void TaskMachine::no_worker_possible(std::string why) {
  no_worker_ = std::move(why);
  wants_round_ = true;
}

void TaskMachine::interface_started(bool chooses) {
  has_interface_ = true;
  scheduler_.heed_terms(chooses);
  no_worker_.reset();
  wants_round_ = true;
}

void TaskMachine::interface_gone(const Moment& now) {
  has_interface_ = false;
  while (!slots_of_.empty()) {
    const WorkerId worker{slots_of_.begin()->first};
    directory_.left(worker);
    for (scheduler::Item* item : scheduler_.worker_left(worker)) queued_again(record_of(*item), Again::interface_gone, now);
    forget_slots(worker, now);
  }
  auto elsewhere = scheduler_.assigned();
  for (auto item = elsewhere.rbegin(); item != elsewhere.rend(); ++item) {
    scheduler_.again(**item, now.time);
    queued_again(record_of(**item), Again::interface_gone, now);
  }
  abandoned_.clear();
  stops_.clear();
}

// Decisions

bool TaskMachine::begin_round(const Moment& now) {
  wants_round_ = false;
  if (!gives_out()) return false;
  if (!no_worker_) return true;
  end_waiting(TaskState::error, *failed(Cause::no_worker, *no_worker_).failure, now);
  return false;
}

std::vector<scheduler::LaneKey> TaskMachine::missing_workers() const {
  return has_interface_ ? scheduler_.missing() : std::vector<scheduler::LaneKey>{};
}

void TaskMachine::refuse_those_for(const scheduler::LaneKey& lane, const std::string& why, const Moment& now) {
  for (scheduler::Item* item : scheduler_.waiting_for(lane)) refuse(record_of(*item), failed(Cause::no_worker, why), now);
}

std::optional<Handed> TaskMachine::next(const Moment& now) {
  return gives_out() ? given(scheduler_.next(now.time), now) : std::nullopt;
}

std::optional<Handed> TaskMachine::next_named(const Moment& now) {
  return gives_out() ? given(scheduler_.next_named(now.time), now) : std::nullopt;
}

std::optional<Handed> TaskMachine::given(const std::optional<scheduler::Assignment>& choice, const Moment& now) {
  if (!choice) return std::nullopt;
  TaskRecord& task = record_of(*choice->item);
  tell([&](Observer& observer) { observer.assigned(task, choice->worker, now); });
  return Handed{ref_of(task), choice->worker};
}

std::vector<RecordPtr> TaskMachine::open_tasks() const {
  std::vector<RecordPtr> open;
  for (scheduler::Item* item : scheduler_.waiting()) open.emplace_back(&record_of(*item));
  for (scheduler::Item* item : scheduler_.assigned())
    if (!copies_.task_of(record_of(*item))) open.emplace_back(&record_of(*item));
  for (TaskRecord* task : dependents_.all()) open.emplace_back(task);
  return open;
}

TaskRecord* TaskMachine::first_waiting() const noexcept {
  scheduler::Item* const item = gives_out() ? scheduler_.front() : nullptr;
  return item ? &record_of(*item) : nullptr;
}

WaitingTasks::WaitingTasks(const scheduler::Scheduler& scheduler) {
  for (const scheduler::Queues* queue : scheduler.unnamed_queues()) next_of_.emplace_back(queue, queue->front());
}

TaskRecord* WaitingTasks::next() {
  std::pair<const scheduler::Queues*, scheduler::Item*>* first = nullptr;
  for (auto& one : next_of_)
    if (one.second && (!first || scheduler::goes_before(*one.second, *first->second))) first = &one;
  if (!first) return nullptr;
  scheduler::Item* const item = std::exchange(first->second, first->first->after(*first->second));
  return &record_of(*item);
}

Handed TaskMachine::assign(TaskRecord& task, WorkerId worker, const Moment& now) {
  scheduler_.assign(task, worker, now.time);
  tell([&](Observer& observer) { observer.assigned(task, worker, now); });
  return {ref_of(task), worker};
}

std::vector<Handed> TaskMachine::handed(const std::vector<scheduler::Assignment>& list) {
  std::vector<Handed> tasks;
  for (const auto& [item, worker] : list) tasks.push_back({ref_of(record_of(*item)), worker});
  return tasks;
}

std::vector<Handed> TaskMachine::surplus() {
  if (!scheduler_.has_tasks_ahead()) return {};
  return handed(scheduler_.surplus());
}

}  // namespace mw::core
