// The way from a worker's stdout or stderr to who wants to know what was printed.
//
// What:    a pipe, into which all writes, and a memory file, into which the worker empties the pipe before it is full,
//          and which its starter can still read when the worker has crashed. A pipe, since a task, or a child of its,
//          may open /dev/stdout once more, which is right for a pipe alone: a file would be written from its beginning
//          then, or cut. A file as well, since a task may print more than a pipe holds, and nobody looks until it is
//          over.
// Owner:   each process owns its descriptors. The starter makes a channel and hands it on: the memory file as
//          descriptor 1 or 2, which takes what is printed before mw::init(), the pipe's read end under any number.
// Threads: one at a time; move_on() may run beside writers.
// Use:
//     OutputChannel err = OutputChannel::create("stderr");    // starter: err.file.get() is the child's stderr
//     std::string last_words = err.text();                    // starter, after the worker's death
#pragma once

#include <string>

#include "process/unique_fd.hpp"

namespace mw::worker {

struct OutputChannel {
  /// For "stdout" or "stderr"; both descriptors close on exec. Throws InterfaceError.
  static OutputChannel create(const char* name);

  /// A new descriptor (close-on-exec, and none of the standard ones, which may be closed) that writes into the pipe; -1
  /// if there is none to be had.
  int open_writer() const noexcept;
  /// How much is in the pipe.
  std::size_t waiting() const noexcept;
  /// Moves what is in the pipe into the file. In one system call, so that no text is nowhere when the process is
  /// killed. False if some of it had no room there, and was dropped.
  bool move_on() const noexcept;
  /// Takes what is in the pipe now, to the end of `text`.
  void take_waiting(std::string& text) const;
  /// All that there is, in its order.
  std::string text() const;

  process::UniqueFd file;
  process::UniqueFd pipe;  ///< its read end; does not block
};

}  // namespace mw::worker
