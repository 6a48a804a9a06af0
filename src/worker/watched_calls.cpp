#include "worker/watched_calls.hpp"

#include <dlfcn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

// In a static program there is no dlsym() to be found, and the C library's own name for it is.
extern "C" [[gnu::weak]] void* dlsym(void*, const char*) noexcept;
extern "C" int __sigaction(int, const struct sigaction*, struct sigaction*) noexcept;

namespace mw::worker {
namespace watched {
constinit std::atomic<std::uint32_t> noted_changes{0};
}

namespace {

void note(Change change) noexcept { watched::noted_changes.fetch_or(change, std::memory_order_relaxed); }

using Sigaction = int (*)(int, const struct sigaction*, struct sigaction*);

/// The one behind ours: a sanitizer's, or the C library's.
Sigaction next_sigaction() noexcept {
  static constinit std::atomic<Sigaction> found{nullptr};
  Sigaction next = found.load(std::memory_order_relaxed);
  if (next) return next;
  if (&::dlsym) next = reinterpret_cast<Sigaction>(::dlsym(RTLD_NEXT, "sigaction"));
  if (!next) next = &__sigaction;
  found.store(next, std::memory_order_relaxed);
  return next;
}

constexpr std::size_t kernel_mask_size = _NSIG / 8;

/// As the C library does it: the two signals that it uses itself cannot be blocked.
int change_mask(int how, const sigset_t* set, sigset_t* before) noexcept {
  if (!set) return static_cast<int>(::syscall(SYS_rt_sigprocmask, how, nullptr, before, kernel_mask_size));
  std::uint64_t allowed = 0;
  static_assert(sizeof allowed == kernel_mask_size);
  std::memcpy(&allowed, set, sizeof allowed);
  allowed &= ~(std::uint64_t{3} << 31);  // signals 32 and 33
  note(changed_signal_mask);
  return static_cast<int>(::syscall(SYS_rt_sigprocmask, how, &allowed, before, kernel_mask_size));
}

}  // namespace
}  // namespace mw::worker

using namespace mw::worker;

extern "C" {

[[gnu::weak]] int chdir(const char* path) noexcept {
  note(changed_directory);
  return static_cast<int>(::syscall(SYS_chdir, path));
}

[[gnu::weak]] int fchdir(int fd) noexcept {
  note(changed_directory);
  return static_cast<int>(::syscall(SYS_fchdir, fd));
}

[[gnu::weak]] mode_t umask(mode_t mask) noexcept {
  note(changed_umask);
  return static_cast<mode_t>(::syscall(SYS_umask, mask));
}

[[gnu::weak]] int sigaction(int signal, const struct sigaction* action, struct sigaction* before) noexcept {
  if (action) note(changed_handlers);
  return next_sigaction()(signal, action, before);
}

/// With the semantics of BSD, as the C library has it.
[[gnu::weak]] sighandler_t signal(int signal, sighandler_t handler) noexcept {
  struct sigaction action = {};
  struct sigaction before = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigaddset(&action.sa_mask, signal);
  return handler != SIG_ERR && ::sigaction(signal, &action, &before) == 0 ? before.sa_handler : (errno = EINVAL, SIG_ERR);
}

[[gnu::weak]] int sigprocmask(int how, const sigset_t* set, sigset_t* before) noexcept { return change_mask(how, set, before); }

[[gnu::weak]] int pthread_sigmask(int how, const sigset_t* set, sigset_t* before) noexcept {
  const int error_before = errno;
  if (change_mask(how, set, before) == 0) return 0;
  return std::exchange(errno, error_before);
}

[[gnu::weak]] int setitimer(__itimer_which_t which, const struct itimerval* value, struct itimerval* before) noexcept {
  note(changed_timers);
  return static_cast<int>(::syscall(SYS_setitimer, which, value, before));
}

// Not weak: it is no weak name in the C library either, which a linker may then prefer in a static program.
unsigned alarm(unsigned seconds) noexcept {
  itimerval value = {};
  itimerval before = {};
  value.it_value.tv_sec = static_cast<time_t>(seconds);
  if (::setitimer(ITIMER_REAL, &value, &before) != 0) return 0;
  // A remainder is rounded, but what is left is never said to be nothing.
  const auto left = static_cast<unsigned>(before.it_value.tv_sec);
  const bool rounds_up = before.it_value.tv_usec >= 500'000 || (left == 0 && before.it_value.tv_usec > 0);
  return left + (rounds_up ? 1 : 0);
}

}  // extern "C"
