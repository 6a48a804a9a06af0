// A line on the terminal that shows how far something is.
//
// What:    how wide the terminal is, a text behind a bar, and a line that is written over itself.
// Owner:   nothing.
// Threads: any; one at a time for a StatusLine.
// Use:
//     StatusLine line;
//     line.show(line_with_bar(0.5, "  52 of 104 tasks" + time_left(0.5, 12.0), terminal_width() - 1));
#pragma once

#include <cstddef>
#include <string>

namespace mw::process {

/// Columns of the terminal that stderr is; 80 if it is none.
std::size_t terminal_width() noexcept;

/// Whether stderr is a terminal on which a line can be written over itself: not where TERM is "dumb", or not set.
bool shows_status_lines() noexcept;

/// A line on stderr. Without escape sequences where TERM is "dumb", or NO_COLOR is set (https://no-color.org).
class StatusLine {
 public:
  StatusLine();
  ~StatusLine() { clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  void show(const std::string& text);  ///< instead of what is there
  void clear();

 private:
  const bool has_escapes_;
  std::size_t shown_ = 0;  ///< how long the text is that is there
};

/// "[=====>    ]" and the text, at most `width` columns; where room is scarce, the bar goes first. `done` is 0 to 1.
std::string line_with_bar(double done, const std::string& text, std::size_t width);

/// ", 12 s left" if `done`, 0 to 1, took so many seconds; empty as long as nobody can tell.
std::string time_left(double done, double seconds);
/// "12 s left", "5 min left", "2.5 h left", "4 d left".
std::string text_of_time_left(double seconds);
/// "4.3/s", "520/s", "12k/s", "1.5M/s".
std::string text_of_rate(double per_second);

}  // namespace mw::process
