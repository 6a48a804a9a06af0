#include "process/child.hpp"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include "process/job_control.hpp"
#include "process/launch.hpp"
#include "process/oom.hpp"
#include "process/process_facts.hpp"
#include "process/shortage.hpp"

namespace mw::process {

std::string describe(const Death& death) {
  if (death.unknown)
    return "a status that nobody knows: SIGCHLD is ignored here, or something waits for children that are not its own";
  if (!death.signaled) return fmt::format("exit status {}", death.exit_status);
  return fmt::format("signal {} ({}){}", death.signal, ::strsignal(death.signal), death.out_of_memory ? ", out of memory" : "");
}

Failure to_failure(const Death& death) {
  Failure failure;
  failure.cause = death.unknown ? Cause::worker_lost : death.signaled ? Cause::signal : Cause::exit_status;
  failure.exit_status = death.exit_status;
  failure.signal = death.signal;
  failure.out_of_memory = death.out_of_memory;
  failure.message = describe(death);
  return failure;
}

StartError::StartError(const std::string& path, int error)
    : InterfaceError{fmt::format("\"{}\" cannot be started: {}", path, shortage(error))}, error_{error} {}

/// The process is waited for by its descriptor (pidfd_open(2)) and then reaped. What else there is in this program may
/// have taken its end before: then nobody knows it.
struct Child::Impl : std::enable_shared_from_this<Impl> {
  Impl(boost::asio::io_context& io, const Command& command)
      : oom_kills{recent_oom_kill_count()}, leads_group{command.new_process_group}, pid{launch(command)}, ready{io} {
    if (command.follows_stops && leads_group) follows_stops.emplace(pid);
    const auto pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));  // close-on-exec
    if (pidfd >= 0) {
      ready.assign(pidfd);
      return;
    }
    const int open_error = errno;
    if (open_error == ESRCH) {
      reaped = true;  // by somebody else, already
      return;
    }
    end();
    throw StartError{command.path, open_error};
  }

  ~Impl() { end(); }

  void end() noexcept {
    if (reaped) return;
    kill(SIGKILL);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
  }

  void wait() {
    if (reaped) return boost::asio::post(ready.get_executor(), [self = shared_from_this()] { self->report(std::nullopt); });
    ready.async_wait(boost::asio::posix::stream_descriptor::wait_read, [weak = weak_from_this()](boost::system::error_code error) {
      const auto self = weak.lock();
      if (self && !error) self->reap();
    });
  }

  /// Waits again if the process has not ended after all: a report may be about an earlier descriptor of the same
  /// number.
  void reap() {
    int status = 0;
    pid_t got = 0;
    do got = ::waitpid(pid, &status, WNOHANG);
    while (got < 0 && errno == EINTR);
    if (got == 0) return wait();
    reaped = true;
    follows_stops.reset();
    boost::system::error_code ignored;
    ready.close(ignored);
    report(got == pid ? std::optional{status} : std::nullopt);
  }

  void report(std::optional<int> status) {
    if (ended) std::exchange(ended, nullptr)(death_of(status));
  }

  /// Once somebody else has reaped the process, its number may be another's: the descriptor still means this one.
  void kill(int signal) noexcept {
    if (leads_group) ::kill(-pid, signal);
    if (ready.is_open())
      ::syscall(SYS_pidfd_send_signal, ready.native_handle(), signal, nullptr, 0);
    else if (!reaped)
      ::kill(pid, signal);
  }

  Death death_of(std::optional<int> status) const {
    Death death;
    if (!status) {
      death.unknown = true;
      death.exit_status = -1;
      return death;
    }
    death.signaled = WIFSIGNALED(*status);
    death.exit_status = WIFEXITED(*status) ? WEXITSTATUS(*status) : 0;
    death.signal = WIFSIGNALED(*status) ? WTERMSIG(*status) : 0;
    death.out_of_memory = death.signal == SIGKILL && oom_kill_count() > oom_kills;
    return death;
  }

  std::uint64_t oom_kills;
  bool leads_group;
  pid_t pid;
  std::optional<FollowsStops> follows_stops;
  boost::asio::posix::stream_descriptor ready;
  std::function<void(Death)> ended;
  bool reaped = false;
};

Child::Child(std::shared_ptr<Impl> inside) : impl_{std::move(inside)} {}
Child::Child(Child&&) noexcept = default;
Child& Child::operator=(Child&&) noexcept = default;
Child::~Child() = default;

Child Child::start(boost::asio::io_context& io, const Command& command) {
  const HoldsStops hold;
  return Child{std::make_shared<Impl>(io, command)};
}

pid_t Child::pid() const noexcept { return impl_->pid; }

void Child::async_wait(std::function<void(Death)> ended) {
  impl_->ended = std::move(ended);
  impl_->wait();
}

void Child::kill_group(int signal) noexcept { impl_->kill(signal); }

bool is_stopped(pid_t pid) {
  const auto facts = ProcessFacts::of(pid);
  return facts && facts->is_stopped();
}

std::string own_name() {
  std::ifstream file{"/proc/self/cmdline", std::ios::binary};
  std::string name;
  std::getline(file, name, '\0');
  return name.empty() ? "program" : name;
}

}  // namespace mw::process
