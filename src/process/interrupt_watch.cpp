#include "process/interrupt_watch.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <map>
#include <thread>

#include "process/shortage.hpp"
#include "process/unique_fd.hpp"

namespace mw::process {
namespace {

constexpr int ends[] = {SIGINT, SIGTERM, SIGHUP};
constexpr char nothing = 0;
std::atomic<int> told{-1};  // the end of a pipe that the handler writes to

extern "C" void tell(int signal) {
  const int before = errno;
  const char word = static_cast<char>(signal);
  [[maybe_unused]] const ssize_t put = ::write(told.load(), &word, 1);
  errno = before;
}

}  // namespace

struct InterruptWatch::Inside {
  explicit Inside(std::function<void()> given) : before_end{std::move(given)} {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) return;
    read_end = UniqueFd{fds[0]};
    write_end = UniqueFd{fds[1]};
    int nobody = -1;
    if (!told.compare_exchange_strong(nobody, write_end.get())) return;
    is_mine = true;
    thread = start_thread("interrupts", [this] { watch(); });
    struct sigaction handler = {};
    handler.sa_handler = tell;
    handler.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
    for (const int signal : ends) {
      struct sigaction now = {};
      if (::sigaction(signal, nullptr, &now) != 0 || now.sa_handler != SIG_DFL) continue;
      if (::sigaction(signal, &handler, nullptr) == 0) handled[signal] = now;
    }
  }
  ~Inside() {
    if (!is_mine) return;
    for (const auto& [signal, before] : handled) {
      struct sigaction now = {};
      if (::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == tell) ::sigaction(signal, &before, nullptr);
    }
    told = -1;
    [[maybe_unused]] const ssize_t put = ::write(write_end.get(), &nothing, 1);
    thread.join();
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

  void watch() {
    char word = nothing;
    ssize_t got = 0;
    do got = ::read(read_end.get(), &word, 1);
    while (got < 0 && errno == EINTR);
    if (got != 1 || word == nothing) return;
    before_end();
    ::signal(word, SIG_DFL);
    ::kill(::getpid(), word);
  }

  const std::function<void()> before_end;
  UniqueFd read_end, write_end;
  std::map<int, struct sigaction> handled;
  std::thread thread;
  bool is_mine = false;
};

InterruptWatch::InterruptWatch(std::function<void()> before_end) : inside_{std::make_unique<Inside>(std::move(before_end))} {}
InterruptWatch::~InterruptWatch() = default;

}  // namespace mw::process
