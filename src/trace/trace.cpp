#include "trace/trace.hpp"

#include <algorithm>
#include <chrono>
#include <system_error>

#include <fmt/format.h>

#include "log/log.hpp"
#include "process/command_line.hpp"
#include "process/no_write_signals.hpp"
#include "process/shortage.hpp"

namespace mw::trace {
namespace {

using core::Again;
using core::Moment;
using core::TaskRecord;

/// At most so much text is written at a time.
constexpr std::size_t chunk = std::size_t{256} << 10;
/// How long the thread sleeps when it has taken all that there was. At a million and a half tasks a second, the ring is
/// full after 170 ms.
constexpr std::chrono::milliseconds shortest_pause{5}, longest_pause{40};
/// Of counts: the first ones, and in a long run.
constexpr std::int64_t first_interval_ns = 10'000'000, longest_interval_ns = 1'000'000'000;
constexpr std::uint32_t counts_of_one_interval = 500;
/// Where a worker stands for many.
constexpr std::uint32_t slots_of_many = 64;

std::int64_t now_ns() noexcept { return std::chrono::steady_clock::now().time_since_epoch().count(); }

Kind kind_of(Again why) noexcept {
  switch (why) {
    case Again::fault: return Kind::retried;
    case Again::lost: return Kind::lost;
    default: return Kind::recalled;
  }
}

Kind kind_of(TaskState state) noexcept {
  return state == TaskState::finished ? Kind::finished : state == TaskState::cancelled ? Kind::cancelled : Kind::failed;
}

}  // namespace

Trace::Trace(std::string path, std::int64_t born_ns, Worker unannounced, std::size_t capacity)
    : ring_{capacity},
      counts_interval_ns_{first_interval_ns},
      file_{std::move(path)},
      events_{names_, born_ns, process::program_name()} {
  unannounced.slots = slots_of_many;
  names_.add_worker(index_of(any_worker), std::move(unannounced));
  thread_ = process::start_thread("the trace", [this] { run(); });
}

Trace::~Trace() {
  push_counts(now_ns());
  {
    const std::lock_guard lock{mutex_};
    is_ending_ = true;
  }
  woken_.notify_one();
  thread_.join();
  if (const auto dropped = dropped_.load(std::memory_order_relaxed); dropped != 0)
    log::warn(fmt::format("the trace {} lacks {} records, which came faster than they could be written", file_.path(), dropped));
  if (const auto unwritten = unwritten_.load(std::memory_order_relaxed); unwritten != 0)
    log::warn(fmt::format("the trace {} lacks {} records, which could not be written", file_.path(), unwritten));
}

// What the observer hears

/// A younger task may have taken the place: then it is not known any more.
Trace::Assigned& Trace::place_of(const TaskRecord& task) noexcept {
  constexpr std::uint64_t spread = 0x9e37'79b9'7f4a'7c15;
  return assigned_[static_cast<std::size_t>((reinterpret_cast<std::uintptr_t>(&task) * spread) >> 32) & (places - 1)];
}

void Trace::assigned(const TaskRecord& task, WorkerId, const Moment& now) noexcept {
  place_of(task) = {&task, now.clock_ns};
  look_at_counts(now.clock_ns);
}

void Trace::started(const TaskRecord&, WorkerId, const Moment&) noexcept {
  --waiting_;
  ++running_;
}

void Trace::queued_again(const TaskRecord& task, Again why, bool was_running, const Moment& now) noexcept {
  if (!was_running) return;
  --running_;
  ++waiting_;
  push_attempt(task, kind_of(why), now.clock_ns);
}

void Trace::ended(const TaskRecord& task, TaskState state, const Moment& now) noexcept {
  const bool was_running = task.state.load(std::memory_order_relaxed) == TaskState::running;
  --(was_running ? running_ : waiting_);
  look_at_counts(now.clock_ns);
  const bool has_run = was_running || (state == TaskState::finished && task.attempt.load(std::memory_order_relaxed) != 0);
  if (has_run) return push_attempt(task, kind_of(state), now.clock_ns);
  push({.task = task.id,
        .submit_ns = task.submit_ns,
        .end_ns = now.clock_ns,
        .name = names_.tasks.number_of(task),
        .kind = state == TaskState::finished    ? Kind::known
                : state == TaskState::cancelled ? Kind::dropped
                                                : Kind::never_began});
}

/// The machine says when it was with the end of the copy, right before.
void Trace::overtaken(const TaskRecord& task) noexcept {
  if (task.state.load(std::memory_order_relaxed) == TaskState::running) push_attempt(task, Kind::overtaken, last_ns_);
}

/// One that ends the task is the task's attempt.
void Trace::copy_ended(const TaskRecord& copy, core::CopyEnd how, const Outcome* outcome, const Moment& now) noexcept {
  last_ns_ = now.clock_ns;
  const bool may_win = how == core::CopyEnd::done && outcome && !outcome->failure;
  if (!may_win && copy.start_ns.load(std::memory_order_relaxed) != 0) push_attempt(copy, Kind::copy, now.clock_ns);
}

void Trace::worker_joined(WorkerId worker, const WorkerInfo& info, const Moment& now) noexcept {
  names_.add_worker(index_of(worker), {info.name, info.host, std::max(info.slots, 1u)});
  push({.end_ns = now.clock_ns, .worker = index_of(worker), .kind = Kind::worker_joined});
}

void Trace::worker_left(WorkerId worker, const Moment& now) noexcept {
  push({.end_ns = now.clock_ns, .worker = index_of(worker), .kind = Kind::worker_left});
}

void Trace::push_attempt(const TaskRecord& task, Kind kind, std::int64_t end_ns) noexcept {
  const Assigned& given = place_of(task);
  const bool is_over = kind <= Kind::cancelled;
  push({.task = task.id,
        .submit_ns = task.submit_ns,
        .assign_ns = given.task == &task ? given.ns : 0,
        .start_ns = task.start_ns.load(std::memory_order_relaxed),
        .end_ns = end_ns,
        .run_ns = is_over ? task.run_ns : 0,
        .worker = index_of(task.last_worker.load(std::memory_order_relaxed)),
        .name = names_.tasks.number_of(task),
        .attempt = task.attempt.load(std::memory_order_relaxed),
        .kind = kind});
}

void Trace::push(const Record& record) noexcept {
  if (!ring_.push(record)) dropped_.store(dropped_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void Trace::look_at_counts(std::int64_t now_ns) noexcept {
  if (now_ns < counts_due_ns_) return;
  counts_due_ns_ = now_ns + counts_interval_ns_;
  if (++counts_taken_ % counts_of_one_interval == 0) counts_interval_ns_ = std::min(2 * counts_interval_ns_, longest_interval_ns);
  push_counts(now_ns);
}

void Trace::push_counts(std::int64_t now_ns) noexcept {
  push({.task = waiting_, .end_ns = now_ns, .run_ns = static_cast<std::int64_t>(running_), .kind = Kind::counts});
}

// What the thread does

void Trace::run() {
  const process::NoWriteSignals no_signals;
  auto pause = shortest_pause;
  std::unique_lock lock{mutex_};
  while (true) {
    const bool is_last = is_ending_;
    lock.unlock();
    const std::size_t taken = drain();
    write_out();
    lock.lock();
    if (is_last) break;
    pause = taken != 0 ? shortest_pause : std::min(2 * pause, longest_pause);
    woken_.wait_for(lock, pause, [this] { return is_ending_; });
  }
  lock.unlock();
  write_end();
}

std::size_t Trace::drain() {
  std::size_t taken = 0;
  for (auto some = ring_.front(); !some.empty(); some = ring_.front()) {
    some = some.first(std::min<std::size_t>(some.size(), 1024));  // so that there is room again soon
    for (const Record& record : some) events_.add(record);
    taken += some.size();
    ring_.pop(some.size());
    if (events_.text().size() >= chunk) write_out();
  }
  return taken;
}

void Trace::write_out() {
  if (events_.text().empty()) return;
  if (!file_.write(events_.text())) unwritten_.fetch_add(events_.records(), std::memory_order_relaxed);
  events_.clear();
}

void Trace::write_end() {
  if (missing() != 0) {
    events_.add_missing(missing(), now_ns());
    write_out();
  }
  file_.end();
}

}  // namespace mw::trace
