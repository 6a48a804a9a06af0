// A line on the terminal that shows how far something is.
//
// What:    how wide the terminal is, and a text behind a bar.
// Owner:   nothing.
// Threads: any.
// Use:
//     print("\r\x1b[K{}", line_with_bar(0.5, "  52 of 104 tasks" + time_left(0.5, 12.0), terminal_width() - 1));
#pragma once

#include <cstddef>
#include <string>

namespace mw::process {

/// Columns of the terminal that stderr is; 80 if it is none.
std::size_t terminal_width() noexcept;

/// "[=====>    ]" and the text, at most `width` columns; where room is scarce, the bar goes first. `done` is 0 to 1.
std::string line_with_bar(double done, const std::string& text, std::size_t width);

/// ", 12 s left" if `done`, 0 to 1, took so many seconds; empty as long as nobody can tell.
std::string time_left(double done, double seconds);

}  // namespace mw::process
