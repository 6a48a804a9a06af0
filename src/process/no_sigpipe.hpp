// A pipe whose reader is gone must not end this process.
//
// What:    NoSigpipe keeps SIGPIPE away from its thread while it lives; writing to such a pipe fails with EPIPE.
// Owner:   puts the thread's signal mask back.
// Threads: the one that made it.
// Use:
//     const NoSigpipe no_sigpipe;  ::write(fd, …);
#pragma once

#include <csignal>
#include <ctime>

namespace mw::process {

class NoSigpipe {
 public:
  NoSigpipe() noexcept {
    ::sigemptyset(&sigpipe_);
    ::sigaddset(&sigpipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  ~NoSigpipe() {
    const timespec at_once{};
    if (!::sigismember(&before_, SIGPIPE))
      while (::sigtimedwait(&sigpipe_, nullptr, &at_once) > 0) {
      }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;

 private:
  sigset_t sigpipe_;
  sigset_t before_;
};

}  // namespace mw::process
