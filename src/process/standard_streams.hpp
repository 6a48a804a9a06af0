// stdin, stdout and stderr as a program may rely on them, whatever it was started with.
//
// What:    what is printed to stdout is a result: that it is lost is an error, which the program's exit status tells.
//          What is said on stderr is for somebody who may not be there: that it is lost changes nothing. A descriptor
//          from 0 to 2 that is closed would be given to the next socket or file, which then gets what is printed: so it
//          is opened first.
// Owner:   the process's descriptors.
// Threads: any; open_standard_descriptors() before there are others.
// Use:
//     open_standard_descriptors();
//     check_stdout_at_exit();
//     print("pi  3.14\n");  tell("done\n");
#pragma once

#include <string_view>

namespace mw::process {

/// Opens those of the descriptors 0 to 2 that are closed: stdin is at its end then, stdout fails when it is written to,
/// and stderr forgets what it is told.
void open_standard_descriptors() noexcept;

/// Writes to stdout. What fails is reported at the end, see below.
void print(std::string_view text) noexcept;

/// What was printed before is written to where stdout goes. False if something was lost, now or earlier.
bool flush_stdout() noexcept;

/// Writes to stderr, or does nothing if that cannot be done: no exception, no signal.
void tell(std::string_view text) noexcept;

/// From now on: if something that this process printed to stdout could not be written, its end says so on stderr, and
/// its exit status is 1 if it would have been 0. Destructors of global objects may still print.
void check_stdout_at_exit() noexcept;

}  // namespace mw::process
