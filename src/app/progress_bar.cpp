#include "app/progress_bar.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include <fmt/format.h>

namespace mw::app {
namespace {

std::size_t terminal_width() noexcept {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string seconds_left(double done, const Status& status) {
  if (done <= 0 || status.seconds < 0.5) return {};
  const double left = status.seconds * (1 - done) / done;
  return left < 90 ? fmt::format(", {:.0f} s left", left) : fmt::format(", {:.0f} min left", left / 60);
}

}  // namespace

std::string bar_line(const Status& status, std::size_t width) {
  const auto over = status.finished + status.errors + status.cancelled;
  const double done = status.tasks == 0 ? 0 : static_cast<double>(over) / static_cast<double>(status.tasks);
  const std::string text = fmt::format(" {:3.0f} %  {} of {} tasks, {} run{}{}", done * 100, over, status.tasks, status.running,
                                       status.errors ? fmt::format(", {} failed", status.errors) : "", seconds_left(done, status));
  if (text.size() + 12 > width) return text.substr(0, width);
  const std::size_t room = std::min<std::size_t>(width - text.size() - 3, 40);
  const auto full = static_cast<std::size_t>(done * static_cast<double>(room));
  const std::size_t tip = full < room ? 1 : 0;
  return fmt::format("[{:=<{}}{:><{}}{:{}}]{}", "", full, "", tip, "", room - full - tip, text);
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
  std::unique_lock lock{mutex_};
  while (!woken_.wait_for(lock, std::chrono::milliseconds{100}, [this] { return over_; })) {
    const std::string line = bar_line(master_.get_status(), terminal_width() - 1);
    fmt::print(stderr, "\r\x1b[K{}", line);
    std::fflush(stderr);
  }
  fmt::print(stderr, "\r\x1b[K");
}

}  // namespace mw::app
