// Parts of a test that run in a process of their own.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "support/processes.hpp"

namespace test {

inline bool in_forked_child = false;

}  // namespace test

#ifdef __SANITIZE_ADDRESS__
/// LeakSanitizer asks. In a forked child it would take for leaked what only threads of the parent know.
extern "C" [[gnu::used]] inline int __lsan_is_turned_off() { return test::in_forked_child; }
#endif

namespace test {

/// Runs `child` in a copy of this process, which ends with exit() and what that returns. -1 if it does not come to an
/// end.
inline int exit_status_of(const std::function<int()>& child) {
  std::fflush(stdout);  // what waits there is not the child's to print
  const pid_t pid = ::fork();
  if (pid == 0) {
    in_forked_child = true;
    std::exit(child());
  }
  int status = -1;
  if (!eventually([&] { return ::waitpid(pid, &status, WNOHANG) == pid; }, std::chrono::seconds{60})) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace test
