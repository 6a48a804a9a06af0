// What a task printed, in a worker process.
//
// What:    a worker's stdout and stderr are files in memory, made by whoever started it (memory_file()); after each task the
//          worker takes out what was written. The starter can still read the files when the worker has crashed.
// Owner:   the starter and the worker share the files by their descriptors 1 and 2.
// Threads: the thread that runs tasks.
// Use:
//     Command command{…}; command.stdout_fd = out.get();        // starter
//     PrintedOutput printed = take_printed_output();            // worker, after a task
//     std::string last_words = read_memory_file(err.get());     // starter, after the worker's death
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace mw::worker {

/// What one task may print to one stream; the rest is dropped, and a last line says so.
inline constexpr std::size_t printed_limit = 16 * 1024 * 1024;

struct PrintedOutput {
  std::string out;
  std::string err;
};

/// A new file in memory that takes up to printed_limit bytes, for "stdout" or "stderr". Returns its descriptor (close-on-exec); throws InterfaceError.
int make_memory_file(const char* name);

/// All that was written to a memory file since it was last emptied. Empty if the descriptor is no memory file.
std::string read_memory_file(int fd);

/// From now on stdout and stderr lead where they do now: a task that closes or redirects them does so for itself.
void keep_output();

/// Why nothing is kept any more: a task has closed a C stream. It can not be opened again under all that writes to it.
std::optional<std::string> lost_output();

/// What the process has written to its stdout and stderr since the last call, C and C++ streams flushed; empties both.
/// Empty where they are no memory files (a program run by hand).
PrintedOutput take_printed_output();

}  // namespace mw::worker
