#include "process/interrupt_watch.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <map>
#include <thread>

#include "process/fork_count.hpp"
#include "process/shortage.hpp"
#include "process/unique_fd.hpp"

namespace mw::process {
namespace {

constexpr int ends[] = {SIGINT, SIGTERM, SIGHUP};
constexpr char nothing = 0;
std::atomic<int> told{-1};  // the end of a pipe that the handler writes to
std::atomic<std::uint32_t> told_in{0};

/// A child that was forked has the handler, and the pipe of its parent: the signal is the child's alone, and ends it.
extern "C" void tell_end(int signal) {
  const int before = errno;
  if (told_in != fork_count()) {
    ::signal(signal, SIG_DFL);
    ::kill(::getpid(), signal);
    errno = before;
    return;
  }
  const char word = static_cast<char>(signal);
  [[maybe_unused]] const ssize_t put = ::write(told.load(), &word, 1);
  errno = before;
}

[[noreturn]] void end_by(int signal) {
  ::signal(signal, SIG_DFL);
  sigset_t one;
  ::sigemptyset(&one);
  ::sigaddset(&one, signal);
  ::pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
  ::raise(signal);
  ::_exit(128 + signal);  // a container's first process, which the system does not end; as a shell says it
}

}  // namespace

struct InterruptWatch::Impl {
  explicit Impl(std::function<void()> given) : before_end{std::move(given)} {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) return;
    read_end = UniqueFd{fds[0]};
    write_end = UniqueFd{fds[1]};
    int nobody = -1;
    if (!told.compare_exchange_strong(nobody, write_end.get())) return;
    told_in = made_in;
    try {
      thread = start_thread("interrupts", [this] { watch(); });
    } catch (...) {
      told = -1;
      throw;
    }
    struct sigaction handler = {};
    handler.sa_handler = tell_end;
    handler.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
    for (const int signal : ends) {
      struct sigaction now = {};
      if (::sigaction(signal, nullptr, &now) != 0 || now.sa_handler != SIG_DFL) continue;
      if (::sigaction(signal, &handler, nullptr) == 0) handled[signal] = now;
    }
  }
  ~Impl() {
    if (!thread.joinable()) return;
    for (const auto& [signal, before] : handled) {
      struct sigaction now = {};
      if (::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == tell_end) ::sigaction(signal, &before, nullptr);
    }
    told = -1;
    [[maybe_unused]] const ssize_t put = ::write(write_end.get(), &nothing, 1);
    thread.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void watch() {
    char word = nothing;
    ssize_t got = 0;
    do got = ::read(read_end.get(), &word, 1);
    while (got < 0 && errno == EINTR);
    if (got != 1 || word == nothing) return;
    before_end();
    end_by(word);
  }

  const std::function<void()> before_end;
  UniqueFd read_end, write_end;
  std::map<int, struct sigaction> handled;
  std::thread thread;
  const std::uint32_t made_in = fork_count();
};

InterruptWatch::InterruptWatch(std::function<void()> before_end) : impl_{std::make_unique<Impl>(std::move(before_end))} {}
InterruptWatch::~InterruptWatch() {
  // A child that was forked has no such thread.
  if (impl_->made_in != fork_count()) static_cast<void>(impl_.release());
}

}  // namespace mw::process
