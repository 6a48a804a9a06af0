#define BOOST_PROCESS_V2_HEADER_ONLY
#include "process/child.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
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

/// Boost.Process v2's handle waits through a pidfd and reaps.
struct Child::Inside {
  using Handle = boost::process::v2::basic_process_handle<boost::asio::io_context::executor_type>;

  Inside(boost::asio::io_context& io, const Command& command)
      : oom_kills{oom_kill_count()}, leads_group{command.new_process_group}, pid{launch(command)}, handle{io.get_executor(), pid} {}

  ~Inside() {
    if (reaped) return;
    kill(SIGKILL);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
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
  bool reaped = false;
};

Child::Child(std::shared_ptr<Inside> inside) : inside_{std::move(inside)} {}
Child::Child(Child&&) noexcept = default;
Child& Child::operator=(Child&&) noexcept = default;
Child::~Child() = default;

Child Child::start(boost::asio::io_context& io, const Command& command) { return Child{std::make_shared<Inside>(io, command)}; }

pid_t Child::pid() const noexcept { return inside_->pid; }

void Child::async_wait(std::function<void(Death)> ended) {
  inside_->handle.async_wait(
      [weak = std::weak_ptr{inside_}, ended = std::move(ended)](boost::system::error_code error, int status) {
        const auto inside = weak.lock();
        if (!inside || error) return;
        inside->reaped = true;
        ended(inside->death_of(status));
      });
}

void Child::kill_group(int signal) noexcept { inside_->kill(signal); }

std::string own_name() {
  std::ifstream file{"/proc/self/cmdline", std::ios::binary};
  std::string name;
  std::getline(file, name, '\0');
  return name.empty() ? "program" : name;
}

}  // namespace mw::process
