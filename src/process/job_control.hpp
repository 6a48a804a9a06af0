// Ctrl-Z and fg, for processes that lead groups of their own.
//
// What:    a terminal stops the process group in its foreground. Workers, and programs that tasks run, have groups of
//          their own: who started them passes the stop on, and lets them go on when it does.
// Owner:   a FollowsStops is the group's place in this process's list, for as long as it lives.
// Threads: any. The list is read in a signal handler.
// Use:
//     follow_terminal_stops();                              // once, early in main()
//     const HoldsStops hold;                                // until the child is in the list
//     const FollowsStops follows{child.pid()};              // while the child lives
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <atomic>
#include <chrono>

namespace mw::process {

/// From now on SIGTSTP, SIGTTIN and SIGTTOU reach the groups in the list, too, as SIGTSTP, before they stop this
/// process as they would have, and SIGCONT reaches them when it goes on. A signal that is ignored, or has a handler, is
/// left as it is.
void follow_terminal_stops() noexcept;

/// How long this process has been stopped so, all together: no task is to be charged for that.
std::chrono::nanoseconds time_stopped() noexcept;

/// While one lives, this process is not stopped: a child that is being started is in nobody's list yet, and would run
/// on meanwhile.
class HoldsStops {
 public:
  HoldsStops() noexcept;
  ~HoldsStops();
  HoldsStops(const HoldsStops&) = delete;
  HoldsStops& operator=(const HoldsStops&) = delete;

 private:
  sigset_t mask_before_;
};

class FollowsStops {
 public:
  FollowsStops() = default;
  explicit FollowsStops(pid_t group);
  FollowsStops(FollowsStops&& other) noexcept;
  FollowsStops& operator=(FollowsStops&& other) noexcept;
  ~FollowsStops();

 private:
  std::atomic<pid_t>* place_ = nullptr;
};

}  // namespace mw::process
