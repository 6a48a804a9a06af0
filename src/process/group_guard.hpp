// Ends a process group when this process is gone, however it went.
//
// What:    a small process (sh) that reads lines from a socket: the number of a group, or 0; at the socket's end, which
//          is this process's end, it kills the group that it heard of last. It is in a group of its own, so that Ctrl-C
//          does not reach it. A group's first process writes the number itself before it becomes a program: there is no
//          moment in which it runs and this process could die without the guard knowing of it.
// Owner:   the guard goes with the object. It is started when somebody first asks for its socket.
// Threads: one at a time.
// Use:
//     GroupGuard guard;
//     command.group_fd = guard.socket();  …  guard.forget();
#pragma once

#include <sys/types.h>

#include "process/unique_fd.hpp"

namespace mw::process {

class GroupGuard {
 public:
  GroupGuard() = default;
  ~GroupGuard();
  GroupGuard(const GroupGuard&) = delete;
  GroupGuard& operator=(const GroupGuard&) = delete;

  /// For Command::group_fd. -1 where there is no sh: then nothing guards.
  int socket() noexcept;
  /// The group has ended.
  void forget() noexcept;

 private:
  void start();
  UniqueFd socket_;
  pid_t guard_ = 0;
};

}  // namespace mw::process
