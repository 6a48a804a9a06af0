// What Slurm's commands have in common in what they say.
//
// What:    the gist of an error, and which errors are none. Pure.
// Owner:   values.
// Threads: any.
// Use:
//     if (!slurm::says_no_such_job(err)) warn(slurm::last_line(err));
#pragma once

#include <string>
#include <string_view>

namespace mw::slurm {

/// Without blanks and ends of lines around it.
std::string_view without_blanks(std::string_view text) noexcept;
/// The last line that is not empty.
std::string_view last_line_of(std::string_view text) noexcept;
/// The gist of what a command wrote to stderr: its last line, fit for a terminal and not too long; empty without one.
std::string last_line(std::string_view text);
/// Whether Slurm knows none of the jobs that it was asked for, which is no fault.
bool says_no_such_job(std::string_view error) noexcept;

}  // namespace mw::slurm
