#include "watch/recorder.hpp"

#include <algorithm>

#include <mw/error.hpp>

namespace mw::watch {
namespace {

using core::Moment;
using detail::TaskRecord;

constexpr std::size_t longest_err = 4 * 1024;
constexpr std::size_t longest_message = 2 * 1024;

bool has_begun(const TaskRecord& task) { return detail::state_of(task) == TaskState::running; }

std::string end_of(const std::string& text) {
  return text.size() <= longest_err ? text : "… " + text.substr(text.size() - longest_err);
}

}  // namespace

Recorder::Recorder(const detail::WorkerDirectory& directory, std::int64_t born_ns) : directory_{directory}, born_ns_{born_ns} {}

/// Nobody may throw here: what there is no memory for is not recorded.
void Recorder::record(const TaskRecord& task, std::int64_t run_ns, End end, const Moment& now) noexcept {
  const bool is_slow = run_ns >= slow_ns_.load(std::memory_order_relaxed) || end != End::finished;
  const bool is_next = --until_next_ == 0;
  if (is_next) until_next_ = std::max<std::uint32_t>(one_in_.load(std::memory_order_relaxed), 1);
  const auto skip = [this] { skipped_.store(skipped_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); };
  if (!is_next && !is_slow) return skip();
  Ended one;
  one.id = task.id;
  const std::int64_t started = task.start_ns.load(std::memory_order_relaxed);
  one.run_ns = run_ns;
  one.start_ns = std::max<std::int64_t>((started != 0 ? started : now.clock_ns - run_ns) - born_ns_, 0);
  one.worker = index_of(has_begun(task) ? task.last_worker.load(std::memory_order_relaxed) : task.worker);
  one.attempt = task.attempt.load(std::memory_order_relaxed);
  one.end = end;
  try {
    one.function = static_cast<std::uint16_t>(std::min<std::uint32_t>(names_.number_of(task), 0xffff));
  } catch (...) {
    one.function = 0;
  }
  if (!ring_.push(one)) skip();
}

void Recorder::done(const TaskRecord& task, const Outcome& how, const Moment& now) noexcept {
  record(task, how.run_time.count(), how.failure ? End::error : End::finished, now);
  if (how.failure) remember(task, *how.failure, now);
}

void Recorder::lost(const TaskRecord& task, const Outcome& what, const Moment& now) noexcept {
  const std::int64_t started = task.start_ns.load(std::memory_order_relaxed);
  record(task, started != 0 ? now.clock_ns - started : 0, End::lost, now);
  if (what.failure) remember(task, *what.failure, now);
}

void Recorder::ended(const TaskRecord& task, TaskState state, const Moment& now) noexcept {
  if (state == TaskState::cancelled && has_begun(task))
    record(task, now.clock_ns - task.start_ns.load(std::memory_order_relaxed), End::cancelled, now);
  if (state == TaskState::error) keep_failed(task, now);
}

void Recorder::copy_ended(const TaskRecord& copy, core::CopyEnd end, const Outcome* how, const Moment& now) noexcept {
  if (end == core::CopyEnd::dropped || !how) return;
  if (end == core::CopyEnd::done)
    record(copy, how->run_time.count(), how->failure ? End::error : End::finished, now);
  else
    record(copy, now.clock_ns - copy.start_ns.load(std::memory_order_relaxed), End::lost, now);
}

void Recorder::remember(const TaskRecord& task, const Failure& failure, const Moment& now) {
  try {
    const auto worker = directory_.find(has_begun(task) ? task.last_worker.load(std::memory_order_relaxed) : task.worker);
    std::string text = "after " + std::to_string((now.clock_ns - born_ns_) / 1'000'000) + " ms, on " + worker.name;
    if (!worker.host.empty()) text += " at " + worker.host;
    text += ": " + std::string{to_string(failure.cause)};
    if (!failure.message.empty()) text += ": " + failure.message.substr(0, longest_message);
    std::lock_guard lock{mutex_};
    faults_.push_back({task.id, task.attempt.load(std::memory_order_relaxed), std::move(text)});
    if (faults_.size() > most_faults) faults_.pop_front();
  } catch (...) {
    // There is no memory for it.
  }
}

void Recorder::keep_failed(const TaskRecord& task, const Moment& now) {
  try {
    const detail::TaskExtra* const extra = task.find_extra();
    {
      std::lock_guard lock{mutex_};
      if (failed_.size() >= most_failed) {
        ++more_failed_;
        return;
      }
    }
    FailedTask one;
    one.id = task.id;
    one.name = task.name();
    one.attempts = task.attempt.load(std::memory_order_relaxed);
    one.seconds = static_cast<double>(now.clock_ns - born_ns_) * 1e-9;
    if (extra) {
      one.worker = extra->worker;
      one.host = extra->host;
      one.cause = std::string{to_string(extra->failure.cause)};
      one.message = extra->failure.message.substr(0, longest_message);
      one.err = end_of(extra->err);
    }
    std::lock_guard lock{mutex_};
    failed_.push_back(std::move(one));
  } catch (...) {
    // There is no memory for it.
  }
}

std::pair<std::deque<FailedTask>, std::uint64_t> Recorder::take_failed() {
  std::lock_guard lock{mutex_};
  return {std::exchange(failed_, {}), std::exchange(more_failed_, 0)};
}

std::vector<std::string> Recorder::faults_of(std::uint64_t id) const {
  std::lock_guard lock{mutex_};
  std::vector<std::string> texts;
  for (const Fault& fault : faults_)
    if (fault.id == id) texts.push_back("attempt " + std::to_string(fault.attempt) + ", " + fault.text);
  return texts;
}

}  // namespace mw::watch
