// What a task printed, in a worker process.
//
// What:    a worker's stdout and stderr are pipes (output_channel.hpp), emptied after each task, and by a thread while
//          a task runs, so that a task never waits because it prints. Without a channel (a program run by hand) all is
//          printed as always, and nothing is found here. Where no thread is to be had, the streams lead into the memory
//          files themselves: then what is printed to a stream that was opened once more is lost.
// Owner:   the process.
// Threads: the thread that runs tasks. Its own has all signals blocked.
// Use:
//     keep_output({std::move(out_pipe), std::move(err_pipe)});         // before the first task
//     PrintedOutput printed = take_printed_output(run_time);           // after each
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "process/unique_fd.hpp"

namespace mw::worker {

struct PrintedOutput {
  std::string out;
  std::string err;
};

/// Read ends of pipes that were made for this process. Empty ones: there are none.
struct OutputPipes {
  process::UniqueFd out;
  process::UniqueFd err;
};

/// From now on stdout and stderr, which are memory files, lead into these pipes, whoever may close or redirect them:
/// that is for one task only. Once in a process.
void keep_output(OutputPipes pipes);

/// Why nothing is kept any more: a task has closed a C stream, which cannot be opened again under all that writes to
/// it, or has left no descriptor with which a stream could be led back.
std::optional<std::string> lost_output();

/// What the process has written to its stdout since the last take_printed_output(), from this byte on, at most 64 KiB
/// of it. The C stream is flushed first, as it would be at a line's end on a terminal. Any thread.
std::string printed_so_far(std::size_t from);

/// What the process has written to its stdout and stderr since the last call, C and C++ streams flushed. `run_time` is
/// what has passed meanwhile: in next to no time nobody redirects anything.
PrintedOutput take_printed_output(std::chrono::nanoseconds run_time);

}  // namespace mw::worker
