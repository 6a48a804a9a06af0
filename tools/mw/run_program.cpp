#include "mw/run_program.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "process/child.hpp"
#include "process/launch.hpp"

namespace mw::tool {
namespace {

std::string read_all(int fd) {
  std::string text;
  char buffer[4096];
  while (true) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

}  // namespace

std::string run_for_output(const std::string& program, const std::vector<std::string>& arguments) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw Error{fmt::format("{}: no pipe for its output", program)};
  process::Command command{.path = program, .arguments = arguments};
  command.stdout_fd = ends[1];
  command.stderr_fd = STDERR_FILENO;
  command.new_process_group = false;  // Ctrl-C is for it, too
  pid_t pid = 0;
  try {
    pid = process::launch(command);
  } catch (...) {
    ::close(ends[0]);
    ::close(ends[1]);
    throw;
  }
  ::close(ends[1]);
  std::string output = read_all(ends[0]);
  ::close(ends[0]);
  int status = 0;
  pid_t got = 0;
  do got = ::waitpid(pid, &status, 0);
  while (got < 0 && errno == EINTR);
  if (got != pid) throw Error{fmt::format("{} ended, and nobody knows how: something else has waited for it", program)};
  if (WIFSIGNALED(status)) throw Error{fmt::format("{} was killed by signal {}", program, WTERMSIG(status))};
  if (WEXITSTATUS(status) != 0) throw Error{fmt::format("{} ended with exit status {}", program, WEXITSTATUS(status))};
  return output;
}

}  // namespace mw::tool
