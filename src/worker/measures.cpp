#include "worker/measures.hpp"

#include <mw/measure.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include <mw/detail/chunk.hpp>

#include "measure/measures.hpp"
#include "worker/progress_sink.hpp"

namespace mw {
namespace worker {
namespace {

using measure::Kind;
using measure::Measures;

/// What one thread's task has measured.
Measures& own_measures() {
  thread_local Measures measures;
  return measures;
}
thread_local Measures* measures_of_task = nullptr;  // while this thread runs one

Measures measures_of_others;  // while the process has a sink, under its lock
std::atomic<bool> have_others_measured{false};
std::atomic<bool> was_measure_dropped{false};

void add_measure(Kind kind, std::string_view name, std::uint64_t value) noexcept {
  try {
    if (measures_of_task) {
      if (!measures_of_task->add(kind, name, value)) was_measure_dropped.store(true, std::memory_order_relaxed);
      return;
    }
    const auto lock = hold_process_sink();
    if (!lock) return;
    if (!measures_of_others.add(kind, name, value)) was_measure_dropped.store(true, std::memory_order_relaxed);
    have_others_measured.store(true, std::memory_order_relaxed);
  } catch (const std::bad_alloc&) {
    was_measure_dropped.store(true, std::memory_order_relaxed);
  }
}

void warn_of_dropped(const std::function<void(const std::string&)>& warn) {
  static std::atomic<bool> has_warned{false};
  if (!was_measure_dropped.exchange(false) || has_warned.exchange(true)) return;
  warn(
      fmt::format("what it counts or times is dropped in part, and so it will be for other tasks: a name has 1 to {} bytes, and "
                  "a task at most {} of them",
                  measure::longest_name, measure::most_names));
}

}  // namespace

MeasureScope::MeasureScope() noexcept {
  Measures& own = own_measures();
  if (!own.empty()) own.clear();
  measures_of_task = &own;
}
MeasureScope::~MeasureScope() { measures_of_task = nullptr; }

std::unique_ptr<Bytes> take_measures(const std::function<void(const std::string&)>& warn) {
  Measures& own = own_measures();
  if (have_others_measured.load(std::memory_order_relaxed) && !thread_progress_sink()) {
    have_others_measured.store(false, std::memory_order_relaxed);
    if (!own.add(measures_of_others)) was_measure_dropped.store(true, std::memory_order_relaxed);
    measures_of_others.clear();
  }
  if (was_measure_dropped.load(std::memory_order_relaxed)) warn_of_dropped(warn);
  if (own.empty()) return nullptr;
  auto bytes = std::make_unique<Bytes>(measure::encoded(own));
  own.clear();
  return bytes;
}

}  // namespace worker

namespace detail {

bool is_measured() noexcept { return worker::measures_of_task || worker::has_process_sink(); }

void measure_time(std::string_view name, std::chrono::nanoseconds time) noexcept {
  worker::add_measure(measure::Kind::time, name, static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0)));
}

void MeasureTry::begin() {
  if (!worker::measures_of_task) return;
  before_ = new measure::Measures;
  std::swap(*before_, *worker::measures_of_task);
}
void MeasureTry::end() {
  const std::unique_ptr<measure::Measures> owned{before_};
  std::swap(*owned, *worker::measures_of_task);
  if (!owned->empty() && !worker::measures_of_task->add(*owned)) worker::was_measure_dropped.store(true, std::memory_order_relaxed);
}
void MeasureTry::failed() noexcept {
  if (before_) worker::measures_of_task->clear();
}

}  // namespace detail

void count(std::string_view name, std::uint64_t n) noexcept { worker::add_measure(measure::Kind::count, name, n); }

}  // namespace mw
