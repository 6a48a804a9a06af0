#include "process/terminal_line.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>

#include "process/standard_streams.hpp"

namespace mw::process {
namespace {

bool is_dumb_terminal() noexcept {
  const char* terminal = std::getenv("TERM");
  return !terminal || *terminal == 0 || std::string_view{terminal} == "dumb";
}

bool wants_no_colour() noexcept {
  const char* wish = std::getenv("NO_COLOR");
  return wish && *wish;
}

}  // namespace

bool shows_status_lines() noexcept { return ::isatty(STDERR_FILENO) == 1 && !is_dumb_terminal(); }

StatusLine::StatusLine() : has_escapes_{!is_dumb_terminal() && !wants_no_colour()} {}

void StatusLine::show(const std::string& text) {
  const std::size_t rest = shown_ > text.size() ? shown_ - text.size() : 0;
  tell(has_escapes_ ? "\r\x1b[K" + text : "\r" + text + std::string(rest, ' '));
  shown_ = text.size();
}

void StatusLine::clear() {
  if (shown_ == 0) return;
  show({});
  if (!has_escapes_) tell("\r");
}

std::size_t terminal_width() noexcept {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string line_with_bar(double done, const std::string& text, std::size_t width) {
  constexpr std::size_t least_bar = 9, widest_bar = 40;
  if (text.size() + 2 + least_bar > width) return text.substr(0, width);
  const std::size_t room = std::min(width - text.size() - 2, widest_bar);
  const auto full = static_cast<std::size_t>(std::clamp(done, 0.0, 1.0) * static_cast<double>(room));
  const std::size_t tip = full < room ? 1 : 0;
  return fmt::format("[{:=<{}}{:><{}}{:{}}]{}", "", full, "", tip, "", room - full - tip, text);
}

std::string time_left(double done, double seconds) {
  if (done <= 0 || done >= 1 || seconds < 0.5) return {};
  return ", " + text_of_time_left(seconds * (1 - done) / done);
}

std::string text_of_time_left(double seconds) {
  if (!(seconds < 99.95 * 3600)) return seconds < 1e9 ? fmt::format("{:.0f} d left", seconds / 86'400) : "ages left";
  if (seconds < 90) return fmt::format("{:.0f} s left", seconds);
  return seconds < 100 * 60 ? fmt::format("{:.0f} min left", seconds / 60) : fmt::format("{:.1f} h left", seconds / 3600);
}

std::string text_of_rate(double per_second) {
  if (per_second < 9.95) return fmt::format("{:.1f}/s", per_second);
  if (per_second < 9'999.5) return fmt::format("{:.0f}/s", per_second);
  return per_second < 999'500 ? fmt::format("{:.0f}k/s", per_second / 1e3) : fmt::format("{:.1f}M/s", per_second / 1e6);
}

}  // namespace mw::process
