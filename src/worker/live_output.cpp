#include "worker/live_output.hpp"

#include <sys/prctl.h>

#include <chrono>
#include <exception>

#include <mw/emit.hpp>

#include "worker/printed_output.hpp"
#include "worker/quiet_thread.hpp"

namespace mw::worker {
namespace {

constexpr std::chrono::milliseconds look_interval{50};
constexpr std::size_t longest_line = 1 << 20;
thread_local bool is_live = false;

}  // namespace

void LineCutter::add(std::string_view text) {
  const auto end = text.rfind('\n');
  if (end == std::string_view::npos) {
    unfinished_ += text;
    if (unfinished_.size() >= longest_line) finish();
    return;
  }
  unfinished_ += text.substr(0, end + 1);
  give_(unfinished_);
  unfinished_ = text.substr(end + 1);
}

void LineCutter::finish() {
  if (!unfinished_.empty()) give_(unfinished_);
  unfinished_.clear();
}

LiveOutput::LiveOutput(Scope scope) : is_threads_{scope == Scope::thread}, lines_{[](const std::string& lines) { emit(lines); }} {
  is_live = true;
  if (is_threads_) return;
  thread_ = start_quiet_thread([this] { run(); });
}

LiveOutput::~LiveOutput() {
  {
    std::lock_guard lock{mutex_};
    is_over_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  is_live = false;
  if (is_threads_) return;
  while (look()) continue;
  try {
    lines_.finish();
  } catch (const std::exception&) {
    // The connection is gone, which whoever answers for the task finds, too; or there is no memory for the line, which
    // is kept besides.
  }
}

bool LiveOutput::is_on() noexcept { return is_live; }

void LiveOutput::run() noexcept {
  ::prctl(PR_SET_NAME, "mw-live");
  std::unique_lock lock{mutex_};
  while (!changed_.wait_for(lock, look_interval, [this] { return is_over_; })) {
    lock.unlock();
    while (look()) continue;
    lock.lock();
  }
}

/// Emits some of what is new; false if nothing is, or it cannot be had now: a task's limit on memory is for this
/// thread, too.
bool LiveOutput::look() {
  try {
    const std::string text = printed_so_far(seen_);
    if (text.empty()) return false;
    seen_ += text.size();
    lines_.add(text);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace mw::worker
