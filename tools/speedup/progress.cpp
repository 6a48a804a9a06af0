#include "speedup/progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

namespace mw::tool {
namespace {

std::size_t terminal_width() noexcept {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

std::string measuring_line(std::size_t done, std::size_t all, double seconds, const std::string& what, std::size_t width) {
  std::string text = fmt::format("  run {} of {}: {}", std::min(done + 1, all), all, what);
  if (done > 0 && done < all) {
    const double left = seconds / static_cast<double>(done) * static_cast<double>(all - done);
    text += left < 90 ? fmt::format(", {:.0f} s left", left) : fmt::format(", {:.0f} min left", left / 60);
  }
  if (text.size() + 12 > width) return text.substr(2, width);
  const std::size_t room = std::min<std::size_t>(width - text.size() - 2, 40);
  const std::size_t full = room * done / std::max<std::size_t>(all, 1);
  const std::size_t tip = full < room ? 1 : 0;
  return fmt::format("[{:=<{}}{:><{}}{:{}}]{}", "", full, "", tip, "", room - full - tip, text);
}

Progress::~Progress() {
  if (is_shown_) fmt::print(stderr, "\r\x1b[K");
}

void Progress::show(const std::string& what) const {
  if (!is_shown_) return;
  const std::chrono::duration<double> so_far = std::chrono::steady_clock::now() - start_;
  fmt::print(stderr, "\r\x1b[K{}", measuring_line(done_, all_, so_far.count(), what, terminal_width() - 1));
  std::fflush(stderr);
}

}  // namespace mw::tool
