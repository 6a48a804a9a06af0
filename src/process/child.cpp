#define BOOST_PROCESS_V2_HEADER_ONLY
#include "process/child.hpp"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/process/v2/process.hpp>

#include "process/launch.hpp"
#include "process/oom.hpp"

namespace mw::process {

std::string describe(const Death& death) {
  if (!death.signaled) return fmt::format("exit status {}", death.exit_status);
  return fmt::format("signal {} ({}){}", death.signal, ::strsignal(death.signal), death.out_of_memory ? ", out of memory" : "");
}

Failure to_failure(const Death& death) {
  Failure failure;
  failure.cause = death.signaled ? Cause::signal : Cause::exit_status;
  failure.exit_status = death.exit_status;
  failure.signal = death.signal;
  failure.out_of_memory = death.out_of_memory;
  failure.message = describe(death);
  return failure;
}

StartError::StartError(const std::string& path, int error)
    : InterfaceError{fmt::format("\"{}\" can not be started: {}", path, std::strerror(error))}, error_{error} {}

/// Boost.Process v2's handle reaps. Its own async_wait() is not used: when the descriptor is reported ready it waits
/// for the process without a way back, and a report may be about an earlier descriptor of the same number (one that was closed
/// between epoll_wait(2) and the handler); then it blocks its thread for as long as the new process lives.
struct Child::Inside : std::enable_shared_from_this<Inside> {
  using Handle = boost::process::v2::basic_process_handle<boost::asio::io_context::executor_type>;

  Inside(boost::asio::io_context& io, const Command& command)
      : oom_kills{oom_kill_count()},
        leads_group{command.new_process_group},
        pid{launch(command)},
        handle{io.get_executor(), pid},
        ready{io} {
    const auto pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));  // close-on-exec
    if (pidfd >= 0) {
      ready.assign(pidfd);
      return;
    }
    const int open_error = errno;
    end();
    throw StartError{command.path, open_error};
  }

  ~Inside() { end(); }

  void end() noexcept {
    if (reaped) return;
    kill(SIGKILL);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
  }

  void wait() {
    ready.async_wait(boost::asio::posix::stream_descriptor::wait_read, [weak = weak_from_this()](boost::system::error_code error) {
      const auto self = weak.lock();
      if (self && !error) self->reap();
    });
  }

  /// Waits again if the process has not ended after all.
  void reap() {
    int status = 0;
    boost::system::error_code error;
    if (handle.running(status, error)) return wait();
    reaped = true;
    ready.close(error);
    std::exchange(ended, nullptr)(death_of(status));
  }

  void kill(int signal) noexcept {
    if (leads_group) ::kill(-pid, signal);
    if (!reaped) ::kill(pid, signal);
  }

  Death death_of(int status) const {
    Death death;
    death.signaled = WIFSIGNALED(status);
    death.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    death.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    death.out_of_memory = death.signal == SIGKILL && oom_kill_count() > oom_kills;
    return death;
  }

  std::uint64_t oom_kills;
  bool leads_group;
  pid_t pid;
  Handle handle;
  boost::asio::posix::stream_descriptor ready;
  std::function<void(Death)> ended;
  bool reaped = false;
};

Child::Child(std::shared_ptr<Inside> inside) : inside_{std::move(inside)} {}
Child::Child(Child&&) noexcept = default;
Child& Child::operator=(Child&&) noexcept = default;
Child::~Child() = default;

Child Child::start(boost::asio::io_context& io, const Command& command) { return Child{std::make_shared<Inside>(io, command)}; }

pid_t Child::pid() const noexcept { return inside_->pid; }

void Child::async_wait(std::function<void(Death)> ended) {
  inside_->ended = std::move(ended);
  inside_->wait();
}

void Child::kill_group(int signal) noexcept { inside_->kill(signal); }

std::string own_name() {
  std::ifstream file{"/proc/self/cmdline", std::ios::binary};
  std::string name;
  std::getline(file, name, '\0');
  return name.empty() ? "program" : name;
}

}  // namespace mw::process
