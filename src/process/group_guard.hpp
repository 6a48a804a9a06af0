// Ends a process group when this process is gone, however it went.
//
// What:    a small process (sh) that reads from a socket: the number of a group, or 0; at the socket's end, which is this process's
//          end, it kills the group that it heard of last. It is in a group of its own, so that Ctrl-C does not reach it.
// Owner:   the guard goes with the object. It is started when the first group comes.
// Threads: one at a time.
// Use:
//     GroupGuard guard;
//     guard.watch(group);  …  guard.watch(0);
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

  /// 0: none any more. Where there is no sh, nothing guards.
  void watch(pid_t group) noexcept;

 private:
  void start();
  UniqueFd socket_;
  pid_t guard_ = 0;
};

}  // namespace mw::process
