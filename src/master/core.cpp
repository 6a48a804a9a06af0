#include "master/core.hpp"

#include <unistd.h>

#include <condition_variable>
#include <mutex>

#include <fmt/format.h>

#include "log/log.hpp"

namespace mw::detail {
namespace {

std::int64_t now_ns() noexcept { return std::chrono::steady_clock::now().time_since_epoch().count(); }

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

}  // namespace

MasterCore::MasterCore(std::unique_ptr<Interface> interface)
    : born_ns_{now_ns()},
      interface_name_{interface->name()},
      directory_{std::make_shared<WorkerDirectory>(WorkerDirectory::Entry{interface_name_ + " worker", host_name()})},
      interface_{std::move(interface)} {
  interface_->set_host(*this);
  try {
    loop_.run([this] { interface_->start(); });
  } catch (...) {
    loop_.finish();
    interface_.reset();  // before the loop that its sockets belong to
    throw_start_error();
  }
  if (interface_->scheduling() == Scheduling::by_interface) statistics_.ready_ns = now_ns();
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
  interface_.reset();  // before the loop that its sockets belong to
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

RecordPtr MasterCore::submit(const FunctionEntry& function, Bytes arguments, std::string name) {
  auto record = RecordPtr::adopt(new TaskRecord{function, std::move(arguments), directory_});
  record->id = last_id_.fetch_add(1, std::memory_order_relaxed) + 1;
  record->submit_ns = now_ns();
  if (!name.empty()) record->own_name = std::make_unique<const std::string>(std::move(name));
  completions_.expect_one();
  statistics_.accepted.fetch_add(1, std::memory_order_relaxed);

  TaskRecord* submitted = RecordPtr{record}.detach();  // the loop's reference
  // Only the one who found the stack empty wakes the loop: it takes all that came meanwhile.
  if (submitted_.push(*submitted)) {
    loop_.post([this] {
      take_submitted();
      dispatch();
    });
  }
  return record;
}

void MasterCore::take_submitted() {
  scheduler::Item* oldest_first = submitted_.take_all();
  while (oldest_first) {
    scheduler::Item& item = *oldest_first;
    oldest_first = item.next;
    item.next = nullptr;
    scheduler_.submit(item);
  }
}

void MasterCore::dispatch() {
  // A backend may finish a task inside execute_task(): the outer call goes on with what that made free.
  if (dispatching_ || ending_) return;
  dispatching_ = true;
  if (no_worker_) {
    Failure failure;
    failure.cause = Cause::no_worker;
    failure.message = *no_worker_;
    end_all(TaskState::error, failure);
  } else if (interface_->scheduling() == Scheduling::by_master) {
    dispatch_by_master();
  } else {
    dispatch_by_interface();
  }
  dispatching_ = false;
  completions_.wake();
}

void MasterCore::dispatch_by_master() {
  while (auto next = scheduler_.next()) execute(record_of(*next->item), next->worker);
}

void MasterCore::dispatch_by_interface() {
  while (scheduler::Item* item = scheduler_.front()) {
    TaskRecord& record = record_of(*item);
    std::optional<WorkerId> worker;
    try {
      worker = interface_->reserve_worker(TaskRef{RecordPtr::share(&record), item->attempt + 1});
    } catch (...) {
      const std::string text = current_exception_text();
      scheduler_.withdraw(*item);
      end_with(record, TaskState::error, failed(Cause::interface_error, "reserve_worker threw: " + text));
      continue;
    }
    if (!worker) return;
    scheduler_.assign_front(*worker);
    execute(record, *worker);
  }
}

void MasterCore::execute(TaskRecord& record, WorkerId worker) {
  record.attempts.store(record.attempt, std::memory_order_relaxed);
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
  if (loop_.is_this_thread())
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
  record.start_ns.store(now_ns(), std::memory_order_release);
  record.state.store(TaskState::running, std::memory_order_release);
  Statistics::add(statistics_.running);
}

void MasterCore::task_progress(const TaskRef& task, double fraction) {
  if (!(fraction >= 0 && fraction <= 1)) return;
  on_loop([this, task, fraction] {
    if (is_current(task)) task.record()->progress.store(static_cast<float>(fraction), std::memory_order_relaxed);
  });
}

void MasterCore::task_finished(const TaskRef& task, Outcome outcome) {
  on_loop([this, task, outcome = std::move(outcome)]() mutable {
    if (!is_current(task)) return;
    finish(*task.record(), std::move(outcome));
    dispatch();
    completions_.wake();
  });
}

void MasterCore::finish(TaskRecord& record, Outcome outcome) {
  scheduler_.finished(record);
  const TaskState state = outcome.failure ? TaskState::error : TaskState::finished;
  end_with(record, state, std::move(outcome));
}

void MasterCore::task_lost(const TaskRef& task, Outcome outcome) {
  on_loop([this, task, outcome = std::move(outcome)]() mutable {
    if (!is_current(task)) return;
    lose(*task.record(), std::move(outcome));
    dispatch();
    completions_.wake();
  });
}

void MasterCore::lose(TaskRecord& record, Outcome outcome) {
  Statistics::add(statistics_.lost);
  const std::string why = outcome.failure ? outcome.failure->message : std::string{};
  const auto worker = directory_->find(record.last_worker.load(std::memory_order_relaxed));
  if (scheduler_.lost(record) == scheduler::Verdict::give_up) {
    end_with(record, TaskState::error, std::move(outcome));
    return;
  }
  log::warn(fmt::format("{} was lost under task {} ({}): {}; it runs again", worker.name, record.id, record.name(), why));
  if (record.state.load(std::memory_order_relaxed) == TaskState::running) {
    Statistics::subtract(statistics_.running);
    record.state.store(TaskState::submitted, std::memory_order_release);
    record.progress.store(0, std::memory_order_relaxed);
  }
}

void MasterCore::end_with(TaskRecord& record, TaskState state, Outcome outcome) {
  if (record.state.load(std::memory_order_relaxed) == TaskState::running) Statistics::subtract(statistics_.running);
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
  // A task that is cancelled may still run somewhere, and read its arguments.
  if (state != TaskState::cancelled) record.payload = std::move(outcome.value);
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
    scheduler_.withdraw(*item);
    Outcome outcome;
    outcome.failure = failure;
    end_with(record_of(*item), state, std::move(outcome));
  }
  completions_.wake();
}

WorkerId MasterCore::worker_joined(WorkerInfo info) {
  const std::uint32_t slots = info.slots == 0 ? 1 : info.slots;
  const WorkerId worker = directory_->add({std::move(info.name), std::move(info.host)});
  // Posted even from the loop: the backend must know the number before a task comes with it.
  loop_.post([this, worker, slots] {
    if (ending_) return;
    if (statistics_.ready_ns.load(std::memory_order_relaxed) == 0) statistics_.ready_ns = now_ns();
    scheduler_.worker_joined(worker, slots);
    dispatch();
  });
  return worker;
}

void MasterCore::worker_left(WorkerId worker, std::vector<LostTask> lost) {
  on_loop([this, worker, lost = std::move(lost)]() mutable {
    for (LostTask& one : lost)
      if (is_current(one.task)) lose(*one.task.record(), std::move(one.outcome));
    directory_->left(worker);
    scheduler_.worker_left(worker);
    dispatch();
  });
}

void MasterCore::no_worker_possible(std::string why) {
  on_loop([this, why = std::move(why)] {
    no_worker_ = why;
    dispatch();
  });
}

void MasterCore::room_available() {
  on_loop([this] { dispatch(); });
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
