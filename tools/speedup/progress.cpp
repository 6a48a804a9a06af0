#include "speedup/progress.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace mw::tool {

std::string measuring_line(std::size_t done, std::size_t all, double seconds, const std::string& what, std::size_t width) {
  const double part = static_cast<double>(done) / static_cast<double>(std::max<std::size_t>(all, 1));
  const std::string text =
      fmt::format("  run {} of {}: {}{}", std::min(done + 1, all), all, what, process::time_left(part, seconds));
  return process::line_with_bar(part, text, width);
}

void Progress::show(const std::string& what) {
  if (!is_shown_) return;
  const std::chrono::duration<double> so_far = std::chrono::steady_clock::now() - start_;
  line_.show(measuring_line(done_, all_, so_far.count(), what, process::terminal_width() - 1));
}

}  // namespace mw::tool
