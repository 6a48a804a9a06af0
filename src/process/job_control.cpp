#include "process/job_control.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <utility>

namespace mw::process {
namespace {

/// A handler may look at any time: places are taken and given back, and never freed.
struct Chunk {
  std::array<std::atomic<pid_t>, 64> groups{};
  std::atomic<Chunk*> next{nullptr};
};
Chunk first;
/// Whose children they are: a process that was forked since must not stop them.
std::atomic<pid_t> owner{0};
static_assert(std::atomic<pid_t>::is_always_lock_free && std::atomic<Chunk*>::is_always_lock_free);

std::atomic<std::int64_t> stopped_ns{0};

std::int64_t now_ns() noexcept { return std::chrono::steady_clock::now().time_since_epoch().count(); }

void tell_groups(int signal) noexcept {
  if (owner != ::getpid()) return;
  for (const Chunk* chunk = &first; chunk; chunk = chunk->next)
    for (const auto& place : chunk->groups)
      if (const pid_t group = place; group > 1) ::kill(-group, signal);  // -1 would be everybody
}

std::atomic<int> holders{0};

/// They are other threads, since those who hold have these signals blocked. None may wait for this thread longer than
/// that.
void wait_for_holders() noexcept {
  constexpr int most_looks = 1'000;
  constexpr timespec between{0, 1'000'000};
  for (int i = 0; holders > 0 && i < most_looks; ++i) ::nanosleep(&between, nullptr);
}

/// Stops this process as the signal would have without a handler: a shell sees which one it was, and a process whose
/// parent could not let it go on is not stopped (setpgid(2), orphaned process groups).
extern "C" void stop_with_groups(int signal) {
  const int error_before = errno;
  wait_for_holders();
  tell_groups(SIGTSTP);
  struct sigaction standard = {}, mine = {}, now = {};
  standard.sa_handler = SIG_DFL;
  ::sigaction(signal, &standard, &mine);
  sigset_t only, before;
  ::sigemptyset(&only);
  ::sigaddset(&only, signal);
  ::pthread_sigmask(SIG_UNBLOCK, &only, &before);
  const std::int64_t begin = now_ns();
  ::raise(signal);  // returns when the process goes on
  stopped_ns += now_ns() - begin;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_DFL) ::sigaction(signal, &mine, nullptr);
  tell_groups(SIGCONT);
  errno = error_before;
}

std::atomic<pid_t>& take_place(pid_t group) {
  for (Chunk* chunk = &first;; chunk = chunk->next) {
    for (auto& place : chunk->groups) {
      pid_t nobody = 0;
      if (place.load(std::memory_order_relaxed) == 0 && place.compare_exchange_strong(nobody, group)) return place;
    }
    if (chunk->next) continue;
    auto* const more = new Chunk;
    Chunk* none = nullptr;
    if (!chunk->next.compare_exchange_strong(none, more)) delete more;
  }
}

}  // namespace

void follow_terminal_stops() noexcept {
  struct sigaction mine = {};
  mine.sa_handler = stop_with_groups;
  mine.sa_flags = SA_RESTART;
  for (const int signal : {SIGTSTP, SIGTTIN, SIGTTOU}) {
    struct sigaction now = {};
    if (::sigaction(signal, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_DFL)
      ::sigaction(signal, &mine, nullptr);
  }
}

HoldsStops::HoldsStops() noexcept {
  sigset_t stops;
  ::sigemptyset(&stops);
  for (const int signal : {SIGTSTP, SIGTTIN, SIGTTOU}) ::sigaddset(&stops, signal);
  ::pthread_sigmask(SIG_BLOCK, &stops, &mask_before_);
  ++holders;
}

HoldsStops::~HoldsStops() {
  --holders;
  ::pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
}

std::chrono::nanoseconds time_stopped() noexcept { return std::chrono::nanoseconds{stopped_ns.load(std::memory_order_relaxed)}; }

FollowsStops::FollowsStops(pid_t group) : place_{&take_place(group)} { owner = ::getpid(); }
FollowsStops::FollowsStops(FollowsStops&& other) noexcept : place_{std::exchange(other.place_, nullptr)} {}
FollowsStops& FollowsStops::operator=(FollowsStops&& other) noexcept {
  std::swap(place_, other.place_);
  return *this;
}
FollowsStops::~FollowsStops() {
  if (place_) place_->store(0);
}

}  // namespace mw::process
