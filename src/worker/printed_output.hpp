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
#include <string>

namespace mw::worker {

/// What one task may print to one stream; the rest is dropped, and a last line says so.
inline constexpr std::size_t printed_limit = 16 * 1024 * 1024;

struct PrintedOutput {
  std::string out;
  std::string err;
};

/// A new file in memory that takes up to printed_limit bytes. Returns its descriptor (close-on-exec); throws InterfaceError.
int make_memory_file(const char* name);

/// All that was written to a memory file since it was last emptied. Empty if the descriptor is no memory file.
std::string read_memory_file(int fd);

/// What the process has written to its stdout and stderr since the last call, C and C++ streams flushed; empties both.
/// Empty where they are no memory files (a program run by hand).
PrintedOutput take_printed_output();

}  // namespace mw::worker
