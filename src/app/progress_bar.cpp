#include "app/progress_bar.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include <fmt/format.h>

#include "process/standard_streams.hpp"
#include "process/terminal_line.hpp"

namespace mw::app {
namespace {

constexpr std::chrono::milliseconds draw_interval{100};
/// Between two lines where there is no terminal.
constexpr std::chrono::seconds line_interval{10};
constexpr std::size_t line_width = 120;

constexpr double window_seconds = 10;
constexpr std::uint64_t enough_tasks = 20;

std::uint64_t over_of(const Status& status) { return status.finished + status.errors + status.cancelled; }

double part_done(const Status& status) {
  return status.tasks == 0 ? 0 : static_cast<double>(over_of(status)) / static_cast<double>(status.tasks);
}

/// What may be said, in the order in which it is; those with the least `rank` stay longest.
struct Part {
  int rank;
  std::string text;
};
constexpr int least_rank = 7;
/// Where a line is shorter, words are of more use.
constexpr std::size_t least_width_with_bar = 60, least_bar = 11;

std::vector<Part> parts_of(const Status& status, const Pace& pace) {
  const double part = part_done(status);
  // All is done when it is, and not when nearly all is.
  const double percent = part < 1 ? std::min(part * 100, 99.0) : 100;
  const std::size_t workers = status.ready_workers();
  std::vector<Part> parts{{0, fmt::format(" {:3.0f} %", percent)}, {2, fmt::format("  {} of {}", over_of(status), status.tasks)}};
  parts.push_back({6, " tasks"});
  if (status.is_paused) parts.push_back({1, ", paused"});
  if (status.errors != 0) parts.push_back({1, fmt::format(", {} failed", status.errors)});
  parts.push_back({4, fmt::format(", {} run", status.running)});
  if (workers != 0) parts.push_back({7, fmt::format(" on {} worker{}", workers, workers == 1 ? "" : "s")});
  if (pace.per_second) parts.push_back({5, ", " + process::text_of_rate(*pace.per_second)});
  if (pace.seconds_left) parts.push_back({3, ", " + process::text_of_time_left(*pace.seconds_left)});
  return parts;
}

}  // namespace

Pace PaceWatch::note(const Status& status) {
  const std::uint64_t over = over_of(status);
  seen_.emplace_back(status.seconds, over);
  while (seen_.size() > 2 && seen_.front().first < status.seconds - window_seconds) seen_.pop_front();
  const auto [then, over_then] = seen_.front();
  const bool is_recent = over >= over_then + enough_tasks && status.seconds - then >= 0.5;
  const double seconds = is_recent ? status.seconds - then : status.seconds - status.ready_seconds;
  const std::uint64_t tasks = is_recent ? over - over_then : over;
  if (tasks == 0 || seconds < 0.5) return {};
  Pace pace{.per_second = static_cast<double>(tasks) / seconds};
  if (status.tasks > over && !status.is_paused) pace.seconds_left = static_cast<double>(status.tasks - over) / *pace.per_second;
  return pace;
}

std::string progress_text(const Status& status, const Pace& pace, std::size_t width) {
  const std::vector<Part> parts = parts_of(status, pace);
  int last = -1;  // the rank up to which all has room, in the order of the ranks
  std::size_t length = 0;
  for (int rank = 0; rank <= least_rank; ++rank) {
    for (const Part& part : parts)
      if (part.rank == rank) length += part.text.size();
    if (length > width) break;
    last = rank;
  }
  std::string text;
  for (const Part& part : parts)
    if (part.rank <= last) text += part.text;
  return text;
}

std::string bar_line(const Status& status, const Pace& pace, std::size_t width) {
  const std::size_t for_bar = width >= least_width_with_bar ? least_bar : 0;
  return process::line_with_bar(part_done(status), progress_text(status, pace, width - for_bar), width);
}

ProgressBar::ProgressBar(const Master& master) : master_{master}, thread_{[this] { run(); }} {}

ProgressBar::~ProgressBar() {
  {
    std::lock_guard lock{mutex_};
    over_ = true;
  }
  woken_.notify_all();
  thread_.join();
}

void ProgressBar::run() {
  const bool is_on_terminal = ::isatty(STDERR_FILENO) == 1;
  process::StatusLine line;
  PaceWatch watch;
  auto next_line = std::chrono::steady_clock::now();
  std::unique_lock lock{mutex_};
  while (!woken_.wait_for(lock, draw_interval, [this] { return over_; })) {
    const Status status = master_.get_status();
    const Pace pace = watch.note(status);
    if (is_on_terminal) {
      line.show(bar_line(status, pace, process::terminal_width() - 1));
    } else if (const auto now = std::chrono::steady_clock::now(); now >= next_line) {
      next_line = now + line_interval;
      process::tell(progress_text(status, pace, line_width) + "\n");
    }
  }
}

}  // namespace mw::app
