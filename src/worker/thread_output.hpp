// What a task printed, in a process that does other things too.
//
// What:    while a ThreadOutput exists, what a thread prints between begin() and end() is kept instead of printed, and
//          what every other thread prints goes where it always went. It covers the C++ streams (cout, cerr, clog) and
//          the C streams (stdout, stderr), not a bare write() to descriptor 1 or 2, which are the whole program's; nor
//          /dev/stdout or /dev/stderr opened once more, which is the same. A child that the task forks is covered, too.
// Owner:   the streams are put back when the last ThreadOutput of the process goes.
// Threads: one ThreadOutput may serve one thread at a time; several may exist. Replacing stdout relies on glibc, where
//          stdin, stdout and stderr are variables (GNU C Library manual, "Standard Streams").
// Use:
//     ThreadOutput output;  output.begin();  call();  PrintedOutput printed = output.end();
#pragma once

#include <memory>

#include "worker/printed_output.hpp"

namespace mw::worker {

class ThreadOutput {
 public:
  ThreadOutput();
  ~ThreadOutput();
  ThreadOutput(const ThreadOutput&) = delete;
  ThreadOutput& operator=(const ThreadOutput&) = delete;

  void begin() noexcept;
  PrintedOutput end();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mw::worker
