#include "worker/limits.hpp"

#include <mw/progress.hpp>

#include <atomic>
#include <cstdio>
#include <mutex>

#include <fmt/format.h>

#include "process/job_control.hpp"

namespace mw {
namespace worker {
namespace {

using Clock = std::chrono::steady_clock;

std::mutex limits_mutex;
Deadlines of_process;                           // under limits_mutex
std::atomic<std::int64_t> soft_deadline_ns{0};  // of_process.soft; 0: none
thread_local Deadlines of_thread;
thread_local bool has_thread_scope = false;

/// It stands still while this process is stopped (Ctrl-Z).
Clock::time_point now() noexcept { return Clock::now() - process::time_stopped(); }

/// What the kernel counts against RLIMIT_DATA, bytes (proc(5): VmData).
std::uint64_t data_size() {
  std::uint64_t kilobytes = 0;
  if (std::FILE* file = std::fopen("/proc/self/status", "re")) {
    char line[256];
    while (std::fgets(line, sizeof line, file)) {
      unsigned long long value = 0;
      if (std::sscanf(line, "VmData: %llu", &value) == 1) kilobytes = value;
    }
    std::fclose(file);
  }
  return kilobytes * 1024;
}

}  // namespace

Deadlines current_deadlines() noexcept {
  if (has_thread_scope) return of_thread;
  std::lock_guard lock{limits_mutex};
  return of_process;
}

TaskLimits::TaskLimits(const Limits& limits, Scope scope) : limits_{limits}, scope_{scope} {
  if (limits_.empty()) return;
  Deadlines deadlines;
  const auto begin = now();
  if (limits_.soft.count() > 0) deadlines.soft = begin + limits_.soft;
  if (limits_.hard.count() > 0) deadlines.hard = begin + limits_.hard;
  deadlines.memory = limits_.memory;
  if (scope_ == Scope::thread) {
    of_thread = deadlines;
    has_thread_scope = true;
    return;
  }
  {
    std::lock_guard lock{limits_mutex};
    of_process = deadlines;
    soft_deadline_ns = deadlines.soft ? deadlines.soft->time_since_epoch().count() : 0;
  }
  if (limits_.memory == 0) return;
  rlimit current{};
  if (::getrlimit(RLIMIT_DATA, &current) != 0) return;
  rlimit lower = current;
  const std::uint64_t before = data_size();
  if (limits_.memory >= RLIM_INFINITY - before) return;  // more than any number that the kernel knows
  lower.rlim_cur = std::min<rlim_t>(current.rlim_cur, before + limits_.memory);
  if (::setrlimit(RLIMIT_DATA, &lower) == 0) before_ = current;
}

TaskLimits::~TaskLimits() {
  if (limits_.empty()) return;
  if (before_) ::setrlimit(RLIMIT_DATA, &*before_);
  if (scope_ == Scope::thread) {
    has_thread_scope = false;
    return;
  }
  std::lock_guard lock{limits_mutex};
  of_process = {};
  soft_deadline_ns = 0;
}

void TaskLimits::explain(Outcome& outcome) const {
  if (!before_ || !outcome.failure || outcome.failure->cause != Cause::exception) return;
  if (outcome.failure->type.find("bad_alloc") == std::string::npos) return;
  outcome.failure->cause = Cause::memory_limit;
  outcome.failure->out_of_memory = true;
  outcome.failure->message = fmt::format("it wanted more memory than its limit of {} bytes", limits_.memory);
}

}  // namespace worker

bool should_stop() noexcept {
  const auto now = worker::now();
  if (worker::has_thread_scope) return worker::of_thread.soft && now >= *worker::of_thread.soft;
  const auto deadline = worker::soft_deadline_ns.load(std::memory_order_relaxed);
  return deadline != 0 && now.time_since_epoch().count() >= deadline;
}

}  // namespace mw
