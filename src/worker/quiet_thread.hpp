// A thread beside the one that runs tasks.
//
// What:    no signal reaches it: those are for the thread that runs tasks.
// Owner:   the caller's.
// Threads: any.
// Use:
//     thread_ = start_quiet_thread([this] { run(); });
//     if (!thread_.joinable()) do_without();
#pragma once

#include <csignal>
#include <system_error>
#include <thread>
#include <utility>

namespace mw::worker {

/// No thread if this user may have no more.
template <class Call>
std::thread start_quiet_thread(Call call) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread;
  try {
    thread = std::thread{std::move(call)};
  } catch (const std::system_error&) {
    // The caller sees that there is none.
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace mw::worker
