// What cannot be written must not end this process.
//
// What:    NoWriteSignals keeps away from its thread, while it lives, the signals that a write may bring: SIGPIPE,
//          where a pipe's reader is gone, and SIGXFSZ, where a file would get longer than it may (ulimit -f). The write
//          fails with EPIPE or EFBIG.
// Owner:   puts the thread's signal mask back.
// Threads: the one that made it; threads that are started meanwhile have the same mask.
// Use:
//     const NoWriteSignals no_signals;  ::write(fd, …);
#pragma once

#include <csignal>
#include <ctime>

namespace mw::process {

class NoWriteSignals {
 public:
  NoWriteSignals() noexcept {
    ::sigemptyset(&signals_);
    ::sigaddset(&signals_, SIGPIPE);
    ::sigaddset(&signals_, SIGXFSZ);
    ::pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  }
  ~NoWriteSignals() {
    for (const int signal : {SIGPIPE, SIGXFSZ})
      if (::sigismember(&before_, signal)) ::sigdelset(&signals_, signal);
    const timespec at_once{};
    while (::sigtimedwait(&signals_, nullptr, &at_once) > 0) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoWriteSignals(const NoWriteSignals&) = delete;
  NoWriteSignals& operator=(const NoWriteSignals&) = delete;

 private:
  sigset_t signals_;
  sigset_t before_;
};

}  // namespace mw::process
