#include "master/core.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include <mw/detail/chunk.hpp>

#include "error/exception_text.hpp"
#include "log/log.hpp"
#include "master/core_helpers.hpp"
#include "master/options.hpp"
#include "master/seat.hpp"
#include "memory/shared_file.hpp"
#include "process/cores.hpp"
#include "process/job_control.hpp"
#include "process/place.hpp"
#include "wire/frame.hpp"

namespace mw::detail {
namespace {

/// As long as a user says, in a unit that has no room for all of that.
constexpr std::chrono::hours longest_patience{24 * 365};

/// How many different needs tasks may have.
constexpr std::size_t most_needs = 1'000;

}  // namespace

std::string current_exception_text() { return exception_text(); }

MasterCore::MasterCore(std::unique_ptr<Interface> interface, MasterOptions options)
    : born_ns_{now_ns()},
      options_{std::move(options)},
      interface_name_{interface->name()},
      directory_{new WorkerDirectory{WorkerDirectory::Entry{interface_name_ + " worker", process::host_name()}}},
      statistics_{born_ns_},
      loss_teller_{*directory_},
      workers_{*directory_, born_ns_},
      starts_{options_.start, *directory_},
      machine_{*directory_, {.placement = options_.placement}},
      parts_{machine_, options_.most_unread_parts},
      seat_{std::make_unique<Seat>(*this, 1)},
      interface_{std::move(interface)},
      chooses_{interface_->scheduling() == Scheduling::by_master},
      choice_watch_{std::min<std::chrono::milliseconds>(options_.warn_after, longest_patience)},
      absence_watch_{std::min<std::chrono::milliseconds>(options_.warn_after, longest_patience)},
      loop_{[this] { after_handler(); }},
      shared_watch_{
          std::make_shared<SharedWatch>([this](std::uint64_t number) { loop_.post([this, number] { forget_shared(number); }); })},
      completions_{&loop_},
      interrupts_(follow_signals()) {
  machine_.add_observer(statistics_);
  machine_.add_observer(loss_teller_);
  machine_.add_observer(workers_);
  machine_.copy_stragglers(options_.copy_stragglers);
  if (!options_.journal.empty()) open_journal();
  if (!options_.cache.empty()) open_cache();
  open_dashboard();
  if (!options_.trace.empty()) open_trace();
  shared_watch_->watch(options_.start.values);
  interface_->set_host(*seat_);
  try {
    loop_.call_in_thread([this] { start_interface(); });
  } catch (...) {
    if (watching_) watching_->finish({});
    stop_interface();
    loop_.finish();
    interface_.reset();  // before the loop that its sockets belong to
    throw_start_error();
  }
  if (!chooses_) statistics_.ready_ns = now_ns();
  directory_->continuations = this;
}

MasterCore::~MasterCore() {
  is_asked_to_stop_ = true;  // a signal ends the process as ever
  shared_watch_->end();
  std::uint64_t open = 0;
  loop_.post([this, &open] { open = end_all_tasks(); });
  close_dashboard();
  stop_interface();
  outputs_.stop();
  notices_.finish();
  directory_->continuations = nullptr;
  close_journal(open == 0);
  loop_.finish();
  say_what_nobody_saw(open);
  interface_.reset();  // before the loop that its sockets belong to
}

/// Returns how many there were.
std::uint64_t MasterCore::end_all_tasks() {
  take_submitted();
  const std::uint64_t cancelled_before = statistics_.cancelled;
  machine_.end_all("its master ended before it was done", moment());
  return statistics_.cancelled - cancelled_before;
}

/// What went wrong without anybody asking does not go by in silence.
void MasterCore::say_what_nobody_saw(std::uint64_t cancelled_by_the_end) {
  const auto kept = completions_.kept(true);
  std::string text;
  if (cancelled_by_the_end != 0 && !stop_order_)  // which whoever has stopped it knows
    text = fmt::format("the master ended before {} of its tasks were done: they are cancelled (Master::wait_all() waits for them)",
                       cancelled_by_the_end);
  if (kept.errors != 0)
    text += fmt::format("{}{} tasks of the master have no result and nobody asked for it; the first: {}", text.empty() ? "" : "; ",
                        kept.errors, error_of(*kept.first_error).what());
  if (!text.empty()) log::warn(text);
}

bool MasterCore::wait_all(const Deadline& deadline) {
  const bool all_are_done = completions().wait_for_all(statistics_.accepted, deadline);
  if (const RecordPtr failed_one = completions_.take_error()) throw error_of(*failed_one);
  return all_are_done;
}

/// What ends meanwhile is in one of the two, since nothing but this runs on the loop.
std::vector<RecordPtr> MasterCore::tasks() {
  refuse_in_forked_process();
  std::vector<RecordPtr> tasks;
  loop_.call([&] {
    take_submitted();
    settle();
    tasks = completions_.all_kept();
    for (RecordPtr& record : machine_.open_tasks())
      if (!record->handed_out) tasks.push_back(std::move(record));
  });
  return tasks;
}

void check_size(const FunctionEntry& function, std::uint64_t bytes) {
  if (bytes > wire::longest_arguments)
    throw UsageError{
        fmt::format("the arguments of {} have {} bytes; the limit is {}", function.name(), bytes, wire::longest_arguments)};
}

SharedPtr MasterCore::share(std::span<const std::byte> bytes) {
  refuse_in_forked_process();
  auto value = memory::SharedFile::make(bytes);
  shared_watch_->watch({value});
  return value;
}

/// Each has a queue of its own.
void MasterCore::note_needs(const Needs& needs) {
  std::lock_guard lock{needs_mutex_};
  if (needs_.contains(needs)) return;
  if (needs_.size() >= most_needs)
    throw UsageError{
        fmt::format("task options: this master has had tasks with {} different needs, and takes no more: round them, "
                    "memory to whole gigabytes, say",
                    most_needs)};
  needs_.insert(needs);
}

RecordPtr MasterCore::make_record(const FunctionEntry& function, EncodedArguments arguments, std::unique_ptr<TaskExtra> extra,
                                  Listing listing) {
  refuse_in_forked_process();
  refuse_after_stop();
  check_size(function, arguments.bytes.size());
  if (!arguments.shared.empty()) {
    shared_watch_->watch(arguments.shared);  // one may be of another master
    if (!extra) extra = std::make_unique<TaskExtra>();
    extra->shared = std::move(arguments.shared);
  }
  if (extra && !extra->options.needs.empty()) note_needs(extra->options.needs);
  if (extra && !extra->options.outputs.empty()) extra->outputs_folder = outputs_.folder();
  auto record = RecordPtr{new TaskRecord{function, std::move(arguments.bytes), *directory_}, false};
  record->id = statistics_.accepted.fetch_add(1, std::memory_order_relaxed) + 1;
  record->submit_ns = now_ns();
  if (extra) record->priority = extra->options.priority;
  record->extra.store(extra.release(), std::memory_order_relaxed);
  if (listing == Listing::hidden)
    record->handed_out = true;
  else
    completions_.expect_one();
  return record;
}

RecordPtr MasterCore::submit(const FunctionEntry& function, EncodedArguments arguments, std::unique_ptr<TaskExtra> extra,
                             Listing listing) {
  RecordPtr record = make_record(function, std::move(arguments), std::move(extra), listing);
  TaskRecord* submitted = RecordPtr{record}.detach();  // the loop's reference
  // Only the one who found the stack empty sees to it that it is taken: whoever takes, takes all that came meanwhile.
  if (submitted_.push(*submitted) && !loop_.try_call([] {})) loop_.post([] {});
  return record;
}

RecordPtr MasterCore::submit_after(const RecordPtr& first, const FunctionEntry& function, EncodedArguments more,
                                   const TaskOptions* options, bool is_hidden) {
  std::unique_ptr<TaskExtra> extra;
  if (options) {
    extra = std::make_unique<TaskExtra>();
    extra->options = checked(*options);
  }
  RecordPtr record = make_record(function, std::move(more), std::move(extra), is_hidden ? Listing::hidden : Listing::open);
  loop_.call([&] {
    take_submitted();
    machine_.submit_after(*RecordPtr{record}.detach(), *first, moment());
    settle();
  });
  return record;
}

void MasterCore::when_done(const RecordPtr& record, std::function<void()> call) {
  refuse_in_forked_process();
  loop_.call([&] {
    take_submitted();
    settle();
    if (interface_failure_.empty() && !has_stopped_)
      notices_.when_done(record, std::move(call));
    else
      notices_.at_once(std::move(call));
  });
}

/// Runs after every handler and call on the loop, so that what several of them bring about is done in one go.
void MasterCore::after_handler() {
  take_submitted();
  settle();
  if (machine_.wants_round()) dispatch();
  look_at_stop();
  set_timer();
  completions_.wake();
}

void MasterCore::take_submitted() {
  scheduler::Item* oldest_first = submitted_.take_all();
  if (!oldest_first) return;
  const core::Moment now = machine_.is_ending() || journal_ || cache_ ? moment() : core::Moment{};  // else it is not looked at
  while (oldest_first) {
    scheduler::Item& item = *oldest_first;
    oldest_first = std::exchange(item.next, nullptr);
    machine_.submit(record_of(item), now);
  }
}

/// Does what an event has brought about besides new tasks for workers.
void MasterCore::settle() {
  if (machine_.has_stops()) stop_tasks();
  while (RecordPtr record = machine_.take_ended()) {
    const TaskRecord* const ended = record.get();
    completions_.publish(std::move(record));
    if (!notices_.empty()) notices_.ended(ended);
  }
  slots_.store(machine_.slots(), std::memory_order_relaxed);
}

/// The slots of those that cannot be taken back stay taken until the interface reports their ends.
void MasterCore::stop_tasks() {
  for (const core::Stop& stop : machine_.take_stops()) {
    try {
      if (stop.may_be_unbegun && interface_->revoke_task(stop.task, stop.worker))
        machine_.stopped(stop.task);
      else
        interface_->abort_task(stop.task, stop.worker);
    } catch (...) {
      log::warn(
          fmt::format("the interface \"{}\" did not stop task {}: {}", interface_name_, stop.task.id(), current_exception_text()));
    }
  }
  interface_->flush();
}

void MasterCore::forget_shared(std::uint64_t number) {
  if (!machine_.has_interface() || machine_.is_ending()) return;  // its workers go, too
  try {
    interface_->forget_shared(number);
    interface_->flush();
  } catch (...) {
    log::warn(fmt::format("the interface \"{}\" keeps shared value {}: {}", interface_name_, number, current_exception_text()));
  }
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
    was_open = machine_.cancel(record, moment());
    settle();
  });
  completions_.tidy();
  return was_open;
}

void MasterCore::split(TaskRecord& record) {
  refuse_in_forked_process();
  loop_.call([&] {
    const auto chunk = machine_.running(record);
    TaskExtra* const extra = record.find_extra();
    if (!chunk || !extra) return;
    extra->split_of = chunk->task.attempt();
    try {
      interface_->split_task(chunk->task, chunk->worker);
      interface_->flush();
    } catch (...) {
      log::warn(
          fmt::format("the interface \"{}\" did not split task {}: {}", interface_name_, record.id, current_exception_text()));
    }
  });
}

void MasterCore::set_timer() {
  const core::Moment now = moment();
  auto when = machine_.wake_at(now.time);
  for (const auto look : {choice_watch_.look_at(), absence_look_at_, has_stopped_ ? std::nullopt : stop_at_})
    if (look) when = when ? std::min(*when, *look) : *look;
  if (!when || (timer_set_for_ && *timer_set_for_ <= *when)) return;
  timer_set_for_ = when;
  loop_.call_at(std::chrono::steady_clock::time_point{*when + process::time_stopped()}, [this] { on_timer(); });
}

void MasterCore::on_timer() {
  timer_set_for_.reset();
  const core::Moment now = moment();
  for (const auto look : {choice_watch_.look_at(), absence_look_at_})
    if (look && now.time >= *look) machine_.want_round();
  const auto late = machine_.time_passed(now);
  settle();
  take_back(late);
}

}  // namespace mw::detail
