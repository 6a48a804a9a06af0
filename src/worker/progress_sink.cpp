#include "worker/progress_sink.hpp"

#include <mw/emit.hpp>
#include <mw/progress.hpp>

#include <atomic>
#include <chrono>
#include <mutex>
#include <utility>

namespace mw {
namespace worker {
namespace {

std::int64_t now_ns() noexcept { return std::chrono::steady_clock::now().time_since_epoch().count(); }
constexpr std::int64_t interval_ns = 50'000'000;

std::mutex sink_mutex;
ProgressSink* process_sink = nullptr;  // under sink_mutex
std::atomic<bool> is_process_sink_set{false};
std::atomic<std::int64_t> next_process_report{0};  // 0: at once

thread_local ProgressSink* thread_sink = nullptr;
thread_local std::int64_t next_thread_report = 0;

/// True once an interval.
bool is_due_for_process() noexcept {
  const auto now = now_ns();
  auto due = next_process_report.load(std::memory_order_relaxed);
  return now >= due && next_process_report.compare_exchange_strong(due, now + interval_ns);
}

bool is_due_for_thread() noexcept {
  const auto now = now_ns();
  if (now < next_thread_report) return false;
  next_thread_report = now + interval_ns;
  return true;
}

}  // namespace

void set_progress_sink(ProgressSink* sink) {
  std::lock_guard lock{sink_mutex};
  process_sink = sink;
  is_process_sink_set.store(sink != nullptr, std::memory_order_relaxed);
  next_process_report.store(0, std::memory_order_relaxed);
}

bool has_process_sink() noexcept { return is_process_sink_set.load(std::memory_order_relaxed); }

std::unique_lock<std::mutex> hold_process_sink() {
  if (!has_process_sink()) return {};
  std::unique_lock lock{sink_mutex};
  if (!process_sink) lock = {};
  return lock;
}

void set_thread_progress_sink(ProgressSink* sink) noexcept {
  thread_sink = sink;
  next_thread_report = 0;
}

ProgressSink* thread_progress_sink() noexcept { return thread_sink; }

}  // namespace worker

void detail::emit_bytes(Bytes value) {
  if (worker::thread_sink) return worker::thread_sink->part(std::move(value));
  if (!worker::has_process_sink()) return;
  std::lock_guard lock{worker::sink_mutex};
  if (worker::process_sink) worker::process_sink->part(std::move(value));
}

void set_progress(double fraction) {
  if (!(fraction >= 0 && fraction <= 1)) return;
  if (worker::thread_sink) {
    if (worker::is_due_for_thread()) worker::thread_sink->progress(fraction);
    return;
  }
  if (!worker::has_process_sink() || !worker::is_due_for_process()) return;
  std::lock_guard lock{worker::sink_mutex};
  if (worker::process_sink) worker::process_sink->progress(fraction);
}

}  // namespace mw
