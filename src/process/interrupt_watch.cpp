#include "process/interrupt_watch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "process/fork_count.hpp"
#include "process/shortage.hpp"
#include "process/unique_fd.hpp"

namespace mw::process {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int ends[] = {SIGINT, SIGTERM, SIGHUP};
constexpr char nothing = 0;
std::atomic<int> told{-1};  // the end of a pipe that the handler writes to
std::atomic<std::uint32_t> told_in{0};

/// A child that was forked has the handler, and the pipe of its parent: the signal is the child's alone, and ends it.
extern "C" void tell_watch(int signal) {
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

/// One signal may come several times: timeout(1) sends it to its child and to its group, and when a terminal goes away,
/// the kernel and the shell say so one after the other.
std::chrono::milliseconds echo_of(int signal) noexcept {
  return signal == SIGHUP ? std::chrono::milliseconds{2'000} : std::chrono::milliseconds{100};
}

}  // namespace

struct InterruptWatch::Impl {
  Asked asked;
  BeforeEnd before_end;
  std::uint32_t made_in = fork_count();
};

namespace {

/// All that live in this process, and what they share.
class Watches {
 public:
  using Watch = std::pair<const InterruptWatch::Asked*, const InterruptWatch::BeforeEnd*>;

  void enter(const Watch& watch) {
    std::lock_guard turn{coming_and_going_};
    {
      std::lock_guard lock{mutex_};
      list_.push_back(watch);
    }
    if (thread_.joinable()) return;
    try {
      start();
    } catch (...) {
      told = -1;
      std::lock_guard lock{mutex_};
      list_.pop_back();
      throw;
    }
  }

  void leave(const Watch& watch) {
    std::lock_guard turn{coming_and_going_};
    bool is_last = false;
    {
      std::lock_guard lock{mutex_};
      std::erase(list_, watch);
      is_last = list_.empty();
    }
    if (is_last && thread_.joinable()) end();
  }

 private:
  void start() {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) return;
    read_end_ = UniqueFd{fds[0]};
    write_end_ = UniqueFd{fds[1]};
    told = write_end_.get();
    told_in = fork_count();
    thread_ = start_thread("interrupts", [this] { watch(); });
    std::lock_guard lock{mutex_};  // a signal that comes now is heard when all are there
    struct sigaction handler = {};
    handler.sa_handler = tell_watch;
    handler.sa_flags = SA_RESTART;
    for (const int signal : ends) {
      struct sigaction now = {};
      if (::sigaction(signal, nullptr, &now) != 0) continue;
      if (now.sa_handler == tell_watch) now.sa_handler = SIG_DFL;  // of the process that this one was forked from
      if (now.sa_handler != SIG_DFL) continue;
      if (::sigaction(signal, &handler, nullptr) == 0) handled_[signal] = now;
    }
  }

  void end() {
    give_back_handlers();
    told = -1;
    [[maybe_unused]] const ssize_t put = ::write(write_end_.get(), &nothing, 1);
    thread_.join();
    asked_for_.reset();
  }

  void give_back_handlers() {
    for (const auto& [signal, before] : std::exchange(handled_, {})) {
      struct sigaction now = {};
      if (::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == tell_watch) ::sigaction(signal, &before, nullptr);
    }
  }

  void watch() {
    while (const char signal = next_word()) hear(signal);
  }

  char next_word() const {
    char word = nothing;
    ssize_t got = 0;
    do got = ::read(read_end_.get(), &word, 1);
    while (got < 0 && errno == EINTR);
    return got == 1 ? word : nothing;
  }

  void hear(int signal) {
    std::lock_guard lock{mutex_};
    const auto now = Clock::now();
    if (asked_for_ && asked_for_->first == signal && now - asked_for_->second < echo_of(signal)) return;
    if (list_.empty()) return end_by(signal);  // the last one has gone meanwhile
    bool is_heeded = false;
    for (const auto& [asked, before_end] : list_)
      if (*asked) is_heeded = (*asked)(signal) || is_heeded;
    asked_for_ = {signal, now};
    if (is_heeded) return;
    give_back_handlers();  // from now on a signal ends it at once
    if (pollfd more{read_end_.get(), POLLIN, 0}; ::poll(&more, 1, 0) == 1) {
      if (const char another = next_word(); another != signal) end_by(another == nothing ? signal : another);
    }
    for (const auto& [asked, before_end] : list_)
      if (*before_end) (*before_end)(signal);
    end_by(signal);
  }

  std::mutex coming_and_going_;
  std::mutex mutex_;  ///< of the list and the handlers, and while calls are made
  std::vector<Watch> list_;
  std::optional<std::pair<int, Clock::time_point>> asked_for_;  ///< under the mutex
  UniqueFd read_end_, write_end_;
  std::map<int, struct sigaction> handled_;
  std::thread thread_;
};

/// Of this process; a forked one has its own, as its parent's has no thread there.
Watches& watches() {
  static std::mutex mutex;
  static Watches* all = nullptr;
  static std::uint32_t made_in = 0;
  std::lock_guard lock{mutex};
  if (!all || made_in != fork_count()) {
    all = new Watches;  // never destroyed: others may come in destructors of global objects
    made_in = fork_count();
  }
  return *all;
}

}  // namespace

InterruptWatch::InterruptWatch(std::function<void()> before_end)
    : InterruptWatch{{}, [call = std::move(before_end)](int) { call(); }} {}

InterruptWatch::InterruptWatch(Asked asked, BeforeEnd before_end)
    : impl_{std::make_unique<Impl>(Impl{std::move(asked), std::move(before_end)})} {
  watches().enter({&impl_->asked, &impl_->before_end});
}

InterruptWatch::~InterruptWatch() {
  // A child that was forked has no such thread.
  if (impl_->made_in != fork_count())
    static_cast<void>(impl_.release());
  else
    watches().leave({&impl_->asked, &impl_->before_end});
}

std::string name_of_interrupt(int signal) {
  switch (signal) {
    case SIGINT: return "Ctrl-C";
    case SIGTERM: return "SIGTERM";
    case SIGHUP: return "SIGHUP";
    default: return "signal " + std::to_string(signal);
  }
}

}  // namespace mw::process
