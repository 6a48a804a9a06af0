#include "master/core.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include <fmt/format.h>

#include "error/exception_text.hpp"
#include "log/log.hpp"
#include "master/core_helpers.hpp"
#include "master/seat.hpp"
#include "process/place.hpp"
#include "wire/frame.hpp"

namespace mw::detail {

std::string current_exception_text() { return exception_text(); }

Outcome failed(Cause cause, std::string message) {
  Outcome outcome;
  outcome.failure.emplace();
  outcome.failure->cause = cause;
  outcome.failure->message = std::move(message);
  return outcome;
}

namespace {

/// In the place of an interface that could not start, until there is another.
struct NoInterface final : Interface {
  void execute_task(const TaskRef&, WorkerId) override { throw InterfaceError{"the master has no interface"}; }
};

}  // namespace

MasterCore::MasterCore(std::unique_ptr<Interface> interface, MasterOptions options)
    : born_ns_{now_ns()},
      options_{std::move(options)},
      interface_name_{interface->name()},
      directory_{new WorkerDirectory{WorkerDirectory::Entry{interface_name_ + " worker", process::host_name()}}},
      seat_{std::make_unique<Seat>(*this, 1)},
      interface_{std::move(interface)},
      chooses_{interface_->scheduling() == Scheduling::by_master},
      choice_patience_{first_patience()},
      loop_{[this] { after_handler(); }},
      completions_{&loop_} {
  interface_->set_host(*seat_);
  try {
    loop_.call_in_thread([this] { start_interface(); });
  } catch (...) {
    stop_interface();
    loop_.finish();
    interface_.reset();  // before the loop that its sockets belong to
    directory_->release_reference();
    throw_start_error();
  }
  if (!chooses_) statistics_.ready_ns = now_ns();
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
  std::uint64_t open = 0;
  loop_.post([this, &open] { open = end_all_tasks(); });
  stop_interface();
  loop_.finish();
  say_what_nobody_saw(open);
  abandoned_.clear();
  interface_.reset();  // before the loop that its sockets belong to
  directory_->release_reference();
}

/// Returns how many there were.
std::uint64_t MasterCore::end_all_tasks() {
  ending_ = true;
  take_submitted();
  const std::uint64_t cancelled_before = statistics_.cancelled;
  Failure failure;
  failure.cause = Cause::cancelled;
  failure.message = "its master ended before it was done";
  end_all(TaskState::cancelled, failure);
  return statistics_.cancelled - cancelled_before;
}

/// What went wrong without anybody asking does not go by in silence.
void MasterCore::say_what_nobody_saw(std::uint64_t cancelled_by_the_end) {
  const auto kept = completions_.kept(true);
  std::string text;
  if (cancelled_by_the_end != 0)
    text = fmt::format("the master ended before {} of its tasks were done: they are cancelled (Master::wait_all() waits for them)",
                       cancelled_by_the_end);
  if (kept.errors != 0)
    text += fmt::format("{}{} tasks of the master have no result and nobody asked for it; the first: {}", text.empty() ? "" : "; ",
                        kept.errors, error_of(*kept.first_error).what());
  if (!text.empty()) log::warn(text);
}

void MasterCore::wait_all() {
  completions().wait_for_all(statistics_.accepted);
  if (const RecordPtr failed_one = completions_.take_error()) throw error_of(*failed_one);
}

/// Returns when nothing of the interface runs any more, and what it left on the loop has run.
void MasterCore::stop_interface() {
  struct End {
    std::mutex mutex;
    std::condition_variable woken;
    bool has_come = false;
  };
  const auto end = std::make_shared<End>();  // an interface may say it twice
  // Handlers of what was closed or cancelled are before this one.
  const auto on_stopped = [this, end] {
    loop_.post([end] {
      std::lock_guard lock{end->mutex};
      end->has_come = true;
      end->woken.notify_all();
    });
  };
  loop_.post([&] {
    try {
      interface_->stop(on_stopped);
    } catch (...) {
      log::warn(fmt::format("the interface \"{}\" did not stop: {}", interface_name_, current_exception_text()));
      on_stopped();
    }
  });
  std::unique_lock lock{end->mutex};
  end->woken.wait(lock, [&] { return end->has_come; });
}

/// In the loop's own thread. What it throws is the failure of this interface from then on.
void MasterCore::start_interface() {
  interface_is_out_ = false;
  interface_failure_.clear();
  no_worker_.reset();
  completions_.fail({});
  try {
    interface_->start();
    expected_slots_ = interface_->expected_slots();
    must_dispatch_ = true;
  } catch (...) {
    requeue_all();
    interface_failure_ = fmt::format("the interface \"{}\" could not start: {}", interface_name_, current_exception_text());
    completions_.fail(interface_failure_);
    throw;
  }
}

/// Gives the place of the interface to this one, and gives the one that had it back.
void MasterCore::seat(std::unique_ptr<Interface>& interface, std::unique_ptr<Seat>& seat) {
  interface->set_host(*seat);
  loop_.call([&] {
    std::swap(interface_, interface);
    std::swap(seat_, seat);
    requeue_all();  // what the old one said since it was asked to stop
  });
}

bool MasterCore::is_seated(std::uint32_t seat) const noexcept { return seat == seat_->number(); }

void MasterCore::set_interface(std::unique_ptr<Interface> interface) {
  refuse_in_forked_process();
  std::string name = interface->name();
  const bool chooses = interface->scheduling() == Scheduling::by_master;
  loop_.call([this] {
    take_submitted();
    requeue_all();
  });
  stop_interface();
  auto seat_of_it = std::make_unique<Seat>(*this, seat_->number() + 1);  // goes after the interface that it is of
  auto old_or_failed = std::move(interface);
  seat(old_or_failed, seat_of_it);
  old_or_failed.reset();
  try {
    loop_.call_in_thread([&] {
      chooses_ = chooses;
      {
        std::lock_guard lock{name_mutex_};
        interface_name_ = std::move(name);
      }
      start_interface();
    });
  } catch (...) {
    stop_interface();
    auto seat_of_none = std::make_unique<Seat>(*this, seat_->number() + 1);
    std::unique_ptr<Interface> failed = std::make_unique<NoInterface>();
    seat(failed, seat_of_none);
    failed.reset();
    throw_start_error();
  }
}

void check_size(const FunctionEntry& function, std::uint64_t bytes) {
  if (bytes > wire::longest_arguments)
    throw UsageError{
        fmt::format("the arguments of {} have {} bytes; the limit is {}", function.name(), bytes, wire::longest_arguments)};
}

RecordPtr MasterCore::submit(const FunctionEntry& function, Bytes arguments, std::unique_ptr<TaskExtra> extra, Listing listing) {
  refuse_in_forked_process();
  check_size(function, arguments.size());
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

void MasterCore::task_progress(const TaskRef& task, double fraction) {
  if (!(fraction >= 0 && fraction <= 1)) return;
  on_loop([this, task, fraction] {
    if (is_current(task)) task.record()->progress.store(static_cast<float>(fraction), std::memory_order_relaxed);
  });
}

void MasterCore::task_finished(const TaskRef& task, Outcome&& outcome) {
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

void MasterCore::task_lost(const TaskRef& task, Outcome outcome) {
  on_loop([this, task, outcome = std::move(outcome)]() mutable {
    must_dispatch_ = true;
    if (is_current(task))
      lose(*task.record(), std::move(outcome));
    else
      free_abandoned(task);
  });
}

void MasterCore::task_returned(const TaskRef& task) {
  on_loop([this, task] {
    must_dispatch_ = true;
    if (!is_current(task)) return free_abandoned(task);
    unstart(*task.record());
    Statistics::subtract(statistics_.attempts);
    scheduler_.returned({task.record().get()}, now());
  });
}

void MasterCore::check_owner(const TaskRecord* record) const {
  refuse_in_forked_process();
  if (record && record->owner == directory_) return;
  Failure failure;
  failure.cause = Cause::not_submitted;
  failure.message = record ? fmt::format("task {} ({}) was submitted to another master", record->id, record->name())
                           : "the handle is empty: it comes from no submit_task";
  throw TaskError{TaskFacts{}, std::move(failure)};
}

bool MasterCore::cancel(TaskRecord& record) {
  refuse_in_forked_process();
  if (loop_.is_here() && dispatching_)
    throw UsageError{"cancel was called in scheduler_func, or by an interface while it was given tasks"};
  bool was_open = false;
  loop_.call([&] {
    take_submitted();
    was_open = !is_done(record.state.load(std::memory_order_relaxed));
    if (was_open) cancel_now(record);
  });
  completions_.tidy();
  return was_open;
}

WorkerId MasterCore::worker_joined(WorkerInfo info, std::uint32_t seat) {
  const scheduler::Capacity capacity{std::max(info.slots, 1u), info.ahead, info.round_trip};
  const WorkerId worker = directory_->add({std::move(info.name), std::move(info.host)});
  // On the loop, no task comes with the number before the handler that this is called in is over.
  on_loop([this, worker, capacity, seat] {
    if (ending_ || interface_is_out_ || !is_seated(seat)) return directory_->left(worker);
    if (directory_->has_left(worker)) return;  // its end was reported first
    if (statistics_.ready_ns.load(std::memory_order_relaxed) == 0) statistics_.ready_ns = now_ns();
    statistics_.joined(capacity.slots, expected_slots_, now_ns() - born_ns_);
    scheduler_.worker_joined(worker, capacity);
    slots_of_[index_of(worker)] = capacity.slots;
    slots_ += capacity.slots;
    must_dispatch_ = true;
  });
  return worker;
}

void MasterCore::worker_left(WorkerId worker, std::vector<LostTask> lost) {
  directory_->left(worker);
  on_loop([this, worker, lost = std::move(lost)]() mutable {
    for (LostTask& one : lost)
      if (is_current(one.task)) lose(*one.task.record(), std::move(one.outcome));
    drop_worker(worker);
  });
}

/// What it was given and had not begun is queued again.
void MasterCore::drop_worker(WorkerId worker) {
  if (worker == any_worker) return;
  directory_->left(worker);
  const auto not_begun = scheduler_.worker_left(worker);
  for (scheduler::Item* item : not_begun) unstart(record_of(*item));
  Statistics::subtract(statistics_.attempts, not_begun.size());
  std::erase_if(abandoned_, [worker](const Abandoned& one) { return one.worker == worker; });
  if (const auto place = slots_of_.find(index_of(worker)); place != slots_of_.end()) {
    slots_ -= place->second;
    slots_of_.erase(place);
  }
  must_dispatch_ = true;
}

void MasterCore::no_worker_possible(std::string why, std::uint32_t seat) {
  on_loop([this, why = std::move(why), seat] {
    if (!is_seated(seat)) return;
    no_worker_ = why;
    must_dispatch_ = true;
  });
}

void MasterCore::interface_failed(std::string why, std::uint32_t seat) {
  on_loop([this, why = std::move(why), seat] {
    if (interface_is_out_ || ending_ || !is_seated(seat)) return;
    requeue_all();
    interface_failure_ = fmt::format("the interface \"{}\" failed: {}", interface_name_, why);
    completions_.fail(interface_failure_);
  });
}

void MasterCore::room_available() {
  on_loop([this] { must_dispatch_ = true; });
}

Status MasterCore::status() {
  refuse_in_forked_process();
  Status status;
  statistics_.write_to(status);
  status.unread = completions_.kept(false).tasks;
  status.seconds = static_cast<double>(now_ns() - born_ns_) * 1e-9;
  if (const auto ready = statistics_.ready_ns.load(std::memory_order_relaxed))
    status.ready_seconds = static_cast<double>(ready - born_ns_) * 1e-9;
  if (chooses_) status.start_up_seconds = statistics_.start_up_seconds(expected_slots_, now_ns() - born_ns_);
  {
    std::lock_guard lock{name_mutex_};
    status.interface_name = interface_name_;
  }
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
      error = interface_failure_;
      // One that is being replaced, or that has not started yet, is asked nothing.
      if (!interface_is_out_) error = schema_error(interface = interface_->get_status());
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
