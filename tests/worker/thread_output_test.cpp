// What tasks print in a process that does other things, too.
#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "worker/thread_output.hpp"

using mw::worker::ThreadOutput;

TEST_CASE("what a task's forked child prints is the task's, in order", "[worker][output]") {
  ThreadOutput output;
  output.begin();
  std::printf("before, ");
  const pid_t pid = ::fork();
  if (pid == 0) {
    std::printf("child by printf, ");
    std::cout << "child by cout, " << std::flush;
    std::cerr << "child by cerr";
    ::_exit(0);
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  std::cout << "after";
  const auto printed = output.end();
  CHECK(status == 0);
  CHECK(printed.out == "before, child by printf, child by cout, after");
  CHECK(printed.err == "child by cerr");
  output.begin();
  std::printf("the next");
  CHECK(output.end().out == "the next");
}

TEST_CASE("the streams are put back while other threads print", "[worker][output]") {
  std::atomic<bool> over{false};
  std::atomic<int> printed{0};
  // The buffers are made once for all. A stream has no lock by which ThreadSanitizer could tell that this was before
  // another thread used them.
  { const ThreadOutput first; }
  std::thread other{[&] {
    while (!over) {
      std::fputs("", stderr);
      std::cerr << "";
      ++printed;
    }
  }};
  const FILE* const before = stdout;
  for (int i = 0; i < 200; ++i) {
    const ThreadOutput output;
    const int seen = printed;
    while (printed == seen) std::this_thread::yield();
  }
  CHECK(stdout == before);
  over = true;
  other.join();
}
