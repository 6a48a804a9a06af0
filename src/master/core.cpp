#include "master/core.hpp"

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include <fmt/format.h>

#include "log/log.hpp"

namespace mw::detail {
namespace {

std::int64_t now_ns() noexcept { return std::chrono::steady_clock::now().time_since_epoch().count(); }
scheduler::Time now() noexcept { return scheduler::Time{now_ns()}; }

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown host";
}

/// What the exception being handled says.
std::string current_exception_text() {
  try {
    throw;
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

Outcome failed(Cause cause, std::string message) {
  Outcome outcome;
  outcome.failure.emplace();
  outcome.failure->cause = cause;
  outcome.failure->message = std::move(message);
  return outcome;
}

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

MasterCore::MasterCore(std::unique_ptr<Interface> interface, MasterOptions options)
    : born_ns_{now_ns()},
      options_{std::move(options)},
      interface_name_{interface->name()},
      directory_{new WorkerDirectory{WorkerDirectory::Entry{interface_name_ + " worker", host_name()}}},
      interface_{std::move(interface)},
      chooses_{interface_->scheduling() == Scheduling::by_master},
      loop_{[this] { after_handler(); }},
      completions_{&loop_} {
  interface_->set_host(*this);
  try {
    loop_.call_in_thread([this] { interface_->start(); });
  } catch (...) {
    loop_.finish();
    interface_.reset();  // before the loop that its sockets belong to
    directory_->release_reference();
    throw_start_error();
  }
  if (!chooses_) {
    statistics_.ready_ns = now_ns();
    slots_ = 1;
  }
}

/// Passes the exception being handled on, as one of ours.
void MasterCore::throw_start_error() const {
  try {
    throw;
  } catch (const Error&) {
    throw;
  } catch (...) {
    throw InterfaceError{fmt::format("the interface \"{}\" could not start: {}", interface_name_, current_exception_text())};
  }
}

MasterCore::~MasterCore() {
  stop_interface();
  loop_.finish();
  abandoned_.clear();
  interface_.reset();  // before the loop that its sockets belong to
  directory_->release_reference();
}

void MasterCore::stop_interface() {
  std::mutex mutex;
  std::condition_variable woken;
  bool stopped = false;
  auto on_stopped = [&] {
    std::lock_guard lock{mutex};
    stopped = true;
    woken.notify_all();
  };
  loop_.post([&] {
    ending_ = true;
    take_submitted();
    Failure failure;
    failure.cause = Cause::cancelled;
    failure.message = "its master ended before it was done";
    end_all(TaskState::cancelled, failure);
    try {
      interface_->stop(on_stopped);
    } catch (...) {
      log::warn(fmt::format("the interface \"{}\" did not stop: {}", interface_name_, current_exception_text()));
      on_stopped();
    }
  });
  std::unique_lock lock{mutex};
  woken.wait(lock, [&] { return stopped; });
}

RecordPtr MasterCore::submit(const FunctionEntry& function, Bytes arguments, std::unique_ptr<TaskExtra> extra, Listing listing) {
  auto record = RecordPtr::adopt(new TaskRecord{function, std::move(arguments), *directory_});
  record->id = statistics_.accepted.fetch_add(1, std::memory_order_relaxed) + 1;
  record->submit_ns = now_ns();
  if (extra) record->priority = extra->options.priority;
  record->extra.store(extra.release(), std::memory_order_relaxed);
  if (listing == Listing::hidden)
    record->handed_out = true;
  else
    completions_.expect_one();

  TaskRecord* submitted = RecordPtr{record}.detach();  // the loop's reference
  // Only the one who found the stack empty sees to it that it is taken: whoever takes, takes all that came meanwhile.
  if (submitted_.push(*submitted) && !loop_.try_call([] {})) loop_.post([] {});
  return record;
}

/// Runs after every handler and call on the loop, so that what several of them bring about is done in one go.
void MasterCore::after_handler() {
  take_submitted();
  if (must_dispatch_) dispatch();
  set_timer();
  completions_.wake();
}

void MasterCore::take_submitted() {
  scheduler::Item* oldest_first = submitted_.take_all();
  if (oldest_first) must_dispatch_ = true;
  while (oldest_first) {
    scheduler::Item& item = *oldest_first;
    oldest_first = item.next;
    item.next = nullptr;
    scheduler_.submit(item);
  }
}

void MasterCore::dispatch() {
  must_dispatch_ = false;
  // A backend may finish a task inside execute_task(): the outer call goes on with what that made free.
  if (dispatching_ || ending_) return;
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
}

void MasterCore::dispatch_by_master() {
  const auto time = now();
  while (auto next = scheduler_.next(time)) execute(record_of(*next->item), next->worker);
}

void MasterCore::dispatch_by_choice() {
  std::vector<WorkerView> free;
  for (const WorkerId id : scheduler_.free_workers()) {
    auto entry = directory_->find(id);
    free.push_back({id, std::move(entry.name), std::move(entry.host)});
  }
  for (scheduler::Item* item = scheduler_.front(); item && !free.empty();) {
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
}

void MasterCore::dispatch_by_interface() {
  while (scheduler::Item* item = scheduler_.front()) {
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
  } catch (...) {
    if (!is_current(task)) return;
    const std::string text = current_exception_text();
    finish(record, failed(Cause::interface_error, fmt::format("{}: execute_task threw: {}", interface_name_, text)));
  }
}

bool MasterCore::is_current(const TaskRef& task) const noexcept {
  const TaskRecord& record = *task.record();
  return record.schedule == scheduler::ItemState::assigned && record.attempt == task.attempt();
}

template <class Call>
void MasterCore::on_loop(Call call) {
  if (loop_.is_here())
    call();
  else
    loop_.post(std::function<void()>{[call = std::make_shared<Call>(std::move(call))] { (*call)(); }});
}

void MasterCore::task_started(const TaskRef& task, WorkerId worker) {
  on_loop([this, task, worker] {
    if (!ending_ && is_current(task)) started(*task.record(), worker);
  });
}

void MasterCore::started(TaskRecord& record, WorkerId worker) {
  if (record.state.load(std::memory_order_relaxed) == TaskState::running) return;
  record.last_worker.store(worker, std::memory_order_relaxed);
  const auto start = now_ns();
  record.start_ns.store(start, std::memory_order_release);
  record.state.store(TaskState::running, std::memory_order_release);
  Statistics::add(statistics_.running);
  if (record.find_extra() && record.options().hard_limit.count() > 0)
    deadlines_.set(record, scheduler::Time{start} + record.options().hard_limit);
}

void MasterCore::task_progress(const TaskRef& task, double fraction) {
  if (!(fraction >= 0 && fraction <= 1)) return;
  on_loop([this, task, fraction] {
    if (is_current(task)) task.record()->progress.store(static_cast<float>(fraction), std::memory_order_relaxed);
  });
}

void MasterCore::task_finished(const TaskRef& task, Outcome outcome) {
  // The usual way needs no copy of anything.
  if (loop_.is_here()) {
    must_dispatch_ = true;
    if (is_current(task))
      finish(*task.record(), std::move(outcome));
    else
      free_abandoned(task);
    return;
  }
  on_loop([this, task, outcome = std::move(outcome)]() mutable { task_finished(task, std::move(outcome)); });
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

void MasterCore::task_lost(const TaskRef& task, Outcome outcome) {
  on_loop([this, task, outcome = std::move(outcome)]() mutable {
    must_dispatch_ = true;
    if (is_current(task))
      lose(*task.record(), std::move(outcome));
    else
      free_abandoned(task);
  });
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

/// Takes a running task off its worker and tells the interface to stop it. The slot stays taken until the interface reports the
/// end.
void MasterCore::abandon(TaskRecord& record) {
  const TaskRef task{RecordPtr::share(&record), record.attempt};
  const WorkerId worker = record.worker;
  if (worker != any_worker) abandoned_.push_back({task, worker});
  scheduler_.abandon(record, now());
  try {
    interface_->abort_task(task, worker);
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

void MasterCore::check_owner(const TaskRecord* record) const {
  if (record && record->owner == directory_) return;
  Failure failure;
  failure.cause = Cause::not_submitted;
  failure.message = record ? fmt::format("task {} ({}) was submitted to another master", record->id, record->name())
                           : "the handle is empty: it comes from no submit_task";
  throw TaskError{TaskFacts{}, std::move(failure)};
}

bool MasterCore::cancel(TaskRecord& record) {
  if (loop_.is_here() && dispatching_)
    throw UsageError{"cancel was called in scheduler_func, or by an interface while it was given tasks"};
  bool was_open = false;
  loop_.call([&] {
    take_submitted();
    was_open = !is_done(record.state.load(std::memory_order_relaxed));
    if (was_open) cancel_now(record);
  });
  return was_open;
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
  outcome.run_time = now() - scheduler::Time{record.start_ns.load(std::memory_order_relaxed)};
  abandon(record);
  if (retry(record, *outcome.failure)) {
    scheduler_.submit_again(record);
    must_dispatch_ = true;
    return;
  }
  end_with(record, TaskState::error, std::move(outcome));
}

/// What waits behind a task that takes longer than expected goes elsewhere.
void MasterCore::take_back_overdue() {
  std::vector<scheduler::Item*> returned;
  for (const auto& [item, worker] : scheduler_.overdue(now())) {
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
  if (returned.empty()) return;
  must_dispatch_ = true;
  Statistics::subtract(statistics_.attempts, returned.size());
  scheduler_.returned(std::move(returned), now());
}

void MasterCore::set_timer() {
  auto when = deadlines_.next();
  if (scheduler_.has_tasks_ahead()) {
    constexpr std::chrono::milliseconds interval{2};
    if (timer_set_for_ && !when) return;  // soon enough
    const auto look = now() + interval;
    when = when ? std::min(*when, look) : look;
  }
  if (!when || (timer_set_for_ && *timer_set_for_ <= *when)) return;
  timer_set_for_ = when;
  loop_.call_at(std::chrono::steady_clock::time_point{*when}, [this] { on_timer(); });
}

void MasterCore::on_timer() {
  timer_set_for_.reset();
  if (ending_) return;
  const auto time = now();
  while (scheduler::Item* item = deadlines_.due(time)) out_of_time(record_of(*item));
  take_back_overdue();
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

WorkerId MasterCore::worker_joined(WorkerInfo info) {
  const scheduler::Capacity capacity{std::max(info.slots, 1u), info.ahead};
  const WorkerId worker = directory_->add({std::move(info.name), std::move(info.host)});
  // Posted even from the loop: the backend must know the number before a task comes with it.
  loop_.post([this, worker, capacity] {
    if (ending_) return;
    if (statistics_.ready_ns.load(std::memory_order_relaxed) == 0) statistics_.ready_ns = now_ns();
    scheduler_.worker_joined(worker, capacity);
    slots_of_[index_of(worker)] = capacity.slots;
    slots_ += capacity.slots;
    must_dispatch_ = true;
  });
  return worker;
}

void MasterCore::worker_left(WorkerId worker, std::vector<LostTask> lost) {
  on_loop([this, worker, lost = std::move(lost)]() mutable {
    for (LostTask& one : lost)
      if (is_current(one.task)) lose(*one.task.record(), std::move(one.outcome));
    directory_->left(worker);
    for (scheduler::Item* item : scheduler_.worker_left(worker)) unstart(record_of(*item));
    std::erase_if(abandoned_, [worker](const Abandoned& one) { return one.worker == worker; });
    if (const auto place = slots_of_.find(index_of(worker)); place != slots_of_.end()) {
      slots_ -= place->second;
      slots_of_.erase(place);
    }
    must_dispatch_ = true;
  });
}

void MasterCore::no_worker_possible(std::string why) {
  on_loop([this, why = std::move(why)] {
    no_worker_ = why;
    must_dispatch_ = true;
  });
}

void MasterCore::room_available() {
  on_loop([this] { must_dispatch_ = true; });
}

Status MasterCore::status() {
  Status status;
  statistics_.write_to(status);
  status.seconds = static_cast<double>(now_ns() - born_ns_) * 1e-9;
  if (const auto ready = statistics_.ready_ns.load(std::memory_order_relaxed))
    status.ready_seconds = static_cast<double>(ready - born_ns_) * 1e-9;
  status.interface_name = interface_name_;
  ask_interface(status);
  return status;
}

void MasterCore::ask_interface(Status& status) {
  struct Answer {
    std::mutex mutex;
    std::condition_variable given;
    bool is_given = false;
    StatusMap interface;
    std::string error;
    std::vector<FunctionStatus> functions;
  };
  const auto answer = std::make_shared<Answer>();
  on_loop([this, answer] {
    StatusMap interface;
    std::string error;
    try {
      interface = interface_->get_status();
      error = schema_error(interface);
    } catch (...) {
      error = "get_status threw: " + current_exception_text();
    }
    std::lock_guard lock{answer->mutex};
    answer->interface = std::move(interface);
    answer->error = std::move(error);
    answer->functions = statistics_.per_function();
    answer->is_given = true;
    answer->given.notify_all();
  });
  std::unique_lock lock{answer->mutex};
  constexpr std::chrono::seconds limit{2};
  if (!answer->given.wait_for(lock, limit, [&] { return answer->is_given; }))
    answer->error = "no answer within 2 s: the interface blocks the loop";
  status.functions = std::move(answer->functions);
  status.interface_status = answer->error.empty() ? "ok" : "error";
  status.interface_error = answer->error;
  if (answer->error.empty()) status.interface = std::move(answer->interface);
}

}  // namespace mw::detail
