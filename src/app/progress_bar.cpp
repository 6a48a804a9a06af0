#include "app/progress_bar.hpp"

#include <chrono>

#include <fmt/format.h>

#include "process/terminal_line.hpp"

namespace mw::app {

std::string bar_line(const Status& status, std::size_t width) {
  const auto over = status.finished + status.errors + status.cancelled;
  const double done = status.tasks == 0 ? 0 : static_cast<double>(over) / static_cast<double>(status.tasks);
  const std::string failed = status.errors ? fmt::format(", {} failed", status.errors) : "";
  return process::line_with_bar(done,
                                fmt::format(" {:3.0f} %  {} of {} tasks, {} run{}{}", done * 100, over, status.tasks,
                                            status.running, failed, process::time_left(done, status.seconds)),
                                width);
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
  process::StatusLine line;
  std::unique_lock lock{mutex_};
  while (!woken_.wait_for(lock, std::chrono::milliseconds{100}, [this] { return over_; })) {
    line.show(bar_line(master_.get_status(), process::terminal_width() - 1));
  }
}

}  // namespace mw::app
