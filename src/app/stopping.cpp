#include "app/stopping.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "parse/duration.hpp"
#include "process/shortage.hpp"
#include "process/standard_streams.hpp"
#include "process/terminal_line.hpp"
#include "slurm/job_end.hpp"

namespace mw::app {
namespace {

/// Slurm answers in a few milliseconds, or is not well.
constexpr std::chrono::seconds slurm_limit{3};
constexpr std::chrono::milliseconds longest_pause{60'000};
constexpr std::chrono::milliseconds look_interval{50}, idle_interval{250};
/// A signal is not told twice within a shorter time, see InterruptWatch.
constexpr std::chrono::seconds before_another{3};
/// How long a master may take to end its workers, on any interface.
constexpr Timeout end_of_master{12};
constexpr Timeout longest_grace{30.0 * 365 * 24 * 3600};

std::string job_of(const StopTerms& terms) {
  if (!terms.stop_before) return {};
  if (auto job = slurm::own_job()) return *job;
  throw UsageError{
      "--stop-before: this is no job of Slurm's (SLURM_JOB_ID is not set), so it has no time limit that is known: use "
      "--stop-after"};
}

/// "1,000".
std::string with_commas(std::uint64_t number) {
  std::string text = fmt::format("{}", number);
  for (auto place = static_cast<std::ptrdiff_t>(text.size()) - 3; place > 0; place -= 3)
    text.insert(static_cast<std::size_t>(place), 1, ',');
  return text;
}

/// "90 s", "15 min".
std::string text_of(Timeout time) {
  const double seconds = time.count();
  if (seconds < 120) return fmt::format("{:.3g} s", seconds);
  return seconds < 7'200 ? fmt::format("{:.3g} min", seconds / 60) : fmt::format("{:.3g} h", seconds / 3600);
}

}  // namespace

Timeout parse_time(const std::string& text) {
  const auto time = parse::duration(text);
  if (!time) throw UsageError{fmt::format("\"{}\" is no time: write 90s, 15min, 2h", text)};
  return *time;
}

Timeout patience_before_limit(Timeout left) noexcept {
  constexpr Timeout longest_end{30};
  return std::max(left - std::min(left / 5, longest_end), Timeout{0});
}

std::string done_text(std::uint64_t done, std::uint64_t tasks, std::uint64_t failed) {
  return fmt::format("{} of {} task{} {} done{}", with_commas(done), with_commas(tasks), tasks == 1 ? "" : "s",
                     done == 1 ? "is" : "are", failed == 0 ? "" : fmt::format(", {} of them failed", with_commas(failed)));
}

Stopping::Stopping(std::string name, const StopTerms& terms) : name_{std::move(name)}, terms_{terms}, job_{job_of(terms)} {
  const auto now = Clock::now();
  if (terms_.stop_after) stop_at_ = now + std::chrono::ceil<Clock::duration>(*terms_.stop_after);
  if (!job_.empty()) ask_at_ = now;
  interrupts_.emplace([this](int signal) { return note_signal(signal); }, [this](int) { say_goodbye(); });
  thread_ = process::start_thread("the end in good order", [this] { run(); });
}

Stopping::~Stopping() {
  interrupts_.reset();
  {
    std::lock_guard lock{mutex_};
    is_over_ = true;
  }
  woken_.notify_all();
  thread_.join();
}

Stopping::Attached::Attached(Stopping& stopping, Master& master) : stopping_{stopping} {
  std::lock_guard lock{stopping.mutex_};
  stopping.master_ = &master;
  stopping.woken_.notify_all();
}

Stopping::Attached::~Attached() {
  std::lock_guard lock{stopping_.mutex_};
  stopping_.note_counts();
  stopping_.master_ = nullptr;
  stopping_.end_at_.reset();  // the program has come to its end; its master is about to
  stopping_.woken_.notify_all();
}

/// With the lock.
void Stopping::note_counts() {
  if (!master_) return;
  const Status status = master_->get_status();
  tasks_ = status.tasks;
  done_ = status.finished + status.errors;
  failed_ = status.errors;
}

/// The master is the one that does something about it.
bool Stopping::note_signal(int signal) {
  int none = 0;
  signal_.compare_exchange_strong(none, signal);
  woken_.notify_all();
  return false;
}

/// The process is about to end by a signal. Whoever has the lock may be waiting for the master.
void Stopping::say_goodbye() {
  std::unique_lock lock{mutex_, std::try_to_lock};
  if (lock) {
    note_counts();
    lock.unlock();
  }
  process::tell(fmt::format("{}{}", process::shows_status_lines() ? "\n" : "", last_line()));
}

std::string Stopping::reason() const {
  if (is_at_limit_ && terms_.stop_before)
    return fmt::format("stopped {} before the time limit of job {}", text_of(*terms_.stop_before), job_);
  if (is_at_limit_) return fmt::format("stopped after {}", text_of(*terms_.stop_after));
  const int signal = signal_;
  return signal == 0 ? "" : fmt::format("stopped by {}", process::name_of_interrupt(signal));
}

std::string Stopping::last_line() const {
  std::string text = reason();
  if (text.empty()) text = "stopped";
  return fmt::format("{}: {}: {}{}{}\n", name_, text, done_text(done_, tasks_, failed_),
                     terms_.go_on.empty() ? "" : "; go on with: ", terms_.go_on);
}

void Stopping::run() {
  std::unique_lock lock{mutex_};
  while (!is_over_) {
    const auto now = Clock::now();
    if (ask_at_ && now >= *ask_at_)
      ask_slurm(lock);
    else
      look_at_master(lock);
    if (is_over_) return;
    // A signal comes without the lock: whoever tells of it must not wait for a thread that waits for the master.
    auto wake = Clock::now() + (is_at_limit_ || signal_ != 0 ? look_interval : idle_interval);
    if (stop_at_ && master_) wake = std::min(wake, *stop_at_);
    if (ask_at_) wake = std::min(wake, *ask_at_);
    woken_.wait_until(lock, wake);
  }
}

/// Late, wrong and no answers are lived with: it is asked again.
void Stopping::ask_slurm(std::unique_lock<std::mutex>& lock) {
  ask_at_.reset();
  lock.unlock();
  std::string trouble;
  slurm::JobEnd end;
  try {
    end = slurm::end_of(job_, slurm_limit);
  } catch (const Error& e) {
    trouble = e.what();
  }
  const auto now = Clock::now();
  if (!trouble.empty() && pause_ == std::chrono::milliseconds{1'000})
    process::tell(fmt::format("{}: --stop-before: {}; it is asked again\n", name_, trouble));
  if (trouble.empty() && !end.at) process::tell(fmt::format("{}: --stop-before: job {} has no time limit\n", name_, job_));
  lock.lock();
  if (!trouble.empty()) {
    ask_at_ = now + pause_;
    pause_ = std::min(2 * pause_, longest_pause);
  } else if (end.at) {
    limit_at_ = now + std::chrono::duration_cast<Clock::duration>(*end.at - std::chrono::system_clock::now());
    stop_at_ = *limit_at_ - std::chrono::ceil<Clock::duration>(*terms_.stop_before);
  }
}

/// With the lock: stops it when its time has come, and ends the process if it has stopped and the program goes on.
void Stopping::look_at_master(std::unique_lock<std::mutex>& lock) {
  const auto now = Clock::now();
  if (stop_at_ && now >= *stop_at_ && master_) {
    stop_at_.reset();
    is_at_limit_ = signal_ == 0;  // else it is stopping already, and may have less time now
    master_->stop(limit_at_ ? patience_before_limit(*limit_at_ - now) : terms_.grace, SIGTERM);
  }
  if (!is_at_limit_ && signal_ == 0) return;
  if (!end_at_ && terms_.grace < longest_grace && (!master_ || master_->has_stopped()))
    end_at_ = now + std::chrono::ceil<Clock::duration>(master_ ? terms_.grace : std::max(terms_.grace, end_of_master));
  if (!end_at_ || now < *end_at_) return;
  end_at_ = now + before_another;
  lock.unlock();
  ::kill(::getpid(), signal());  // nobody does anything about it any more
  lock.lock();
}

}  // namespace mw::app
