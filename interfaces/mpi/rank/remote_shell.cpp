#include "mpi/rank/remote_shell.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "mpi/death_notice.hpp"
#include "mpi/environment.hpp"
#include "parse/number.hpp"
#include "process/place.hpp"
#include "process/unique_fd.hpp"

namespace mw::mpi {
namespace {

constexpr std::size_t longest_line = 2'000;  // less than PIPE_BUF: lines of several hosts do not mix
/// After mpiexec is gone: so long the shell has to end by itself, as it does when its host went down, too.
constexpr int wait_for_end_ms = 200;
constexpr int look_again_ms = 20;

sigset_t signals_of_interest() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, signal);
  return set;
}

/// The master's pipe, which is also mpiexec's stderr; Hydra's own way for words ends with mpiexec.
class Words {
 public:
  explicit Words(std::string host) : host_{std::move(host)} {
    const char* number = std::getenv(variable_words);
    fd_ = number ? parse::leading_number<int>(number).value_or(0) : STDERR_FILENO;
    if (::fcntl(fd_, F_GETFD) < 0) fd_ = STDERR_FILENO;
    ::fcntl(fd_, F_SETFD, fd_ == STDERR_FILENO ? 0 : FD_CLOEXEC);
  }

  void add(const char* bytes, std::size_t size) {
    unread_.append(bytes, size);
    for (std::size_t end; (end = unread_.find('\n')) != std::string::npos;) {
      say_with_host(unread_.substr(0, end));
      unread_.erase(0, end + 1);
    }
  }

  void end_line() {
    if (!unread_.empty()) say_with_host(unread_);
    unread_.clear();
  }

  void say(std::string line) const {
    line.resize(std::min(line.size(), longest_line));
    line += '\n';
    static_cast<void>(!::write(fd_, line.data(), line.size()));
  }

 private:
  void say_with_host(std::string line) const {
    while (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) say(fmt::format("[{}] {}", host_, line));
  }

  std::string host_;
  std::string unread_;
  int fd_;
};

[[noreturn]] void become_shell(const std::string& program, const std::vector<std::string>& arguments, int words, pid_t parent) {
  const sigset_t set = signals_of_interest();
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(1);
  std::vector<char*> argv;
  argv.push_back(const_cast<char*>(program.c_str()));
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  ::dup2(words, STDERR_FILENO);
  ::execvp(argv[0], argv.data());
  const std::string error = fmt::format("{}: {}\n", program, std::strerror(errno));
  static_cast<void>(!::write(STDERR_FILENO, error.data(), error.size()));
  ::_exit(127);
}

/// Passes on what is there. False when nothing more can come.
bool pass_words(int from, Words& to) {
  char buffer[4096];
  while (true) {
    const ssize_t size = ::read(from, buffer, sizeof buffer);
    if (size > 0)
      to.add(buffer, static_cast<std::size_t>(size));
    else if (size == 0 || errno != EINTR)
      return size != 0 && errno == EAGAIN;
  }
}

int exit_status_of(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

/// Until the shell has ended, or this process was told to end and the shell had its time. Returns its status; -1 if it
/// had to be ended.
int listen(pid_t shell, int from, Words& words) {
  const sigset_t set = signals_of_interest();
  const process::UniqueFd signals{::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
  bool may_say_more = true;
  int time_left_ms = -1;  // none is counted yet
  while (true) {
    pollfd sources[] = {{signals.get(), POLLIN, 0}, {may_say_more ? from : -1, POLLIN, 0}};
    ::poll(sources, 2, time_left_ms < 0 ? -1 : look_again_ms);
    if (may_say_more) may_say_more = pass_words(from, words);
    for (signalfd_siginfo signal; ::read(signals.get(), &signal, sizeof signal) == sizeof signal;)
      if (signal.ssi_signo != SIGCHLD && time_left_ms < 0) time_left_ms = wait_for_end_ms;
    int status = 0;
    if (::waitpid(shell, &status, WNOHANG) == shell) {
      if (may_say_more) pass_words(from, words);
      return exit_status_of(status);
    }
    if (time_left_ms < 0 || (time_left_ms -= look_again_ms) >= 0) continue;
    ::kill(shell, SIGTERM);
    return -1;
  }
}

/// Whether whoever started this process is gone already: it would have been the master's child, or a child's child.
bool is_left_alone() {
  pid_t master = 0;
  if (const char* const probe = std::getenv(variable_probe)) master = parse::leading_number<int>(probe).value_or(0);
  if (master <= 0 || ::getppid() == master) return true;
  constexpr int most_between = 8;  // a script around mpiexec
  pid_t above = ::getppid();
  for (int i = 0; i < most_between && above > 1; ++i) {
    above = process::parent_of(above);
    if (above == master) return false;
  }
  return true;
}

}  // namespace

std::string host_among(const std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "-l" || arguments[i] == "-p" || arguments[i] == "-o" || arguments[i] == "-i" || arguments[i] == "-F")
      ++i;
    else if (!arguments[i].starts_with('-'))
      return arguments[i];
  }
  return "?";
}

bool is_remote_shell() { return std::getenv(variable_shell) && !std::getenv("PMI_RANK") && !std::getenv("PMI_FD"); }

int run_remote_shell(int argc, char** argv) {
  const sigset_t set = signals_of_interest();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  ::prctl(PR_SET_NAME, "mw-mpi-shell");
  if (is_left_alone()) return 1;  // from here on, the end of mpiexec is a signal
  const std::string program = std::getenv(variable_shell);
  std::vector<std::string> arguments{argv + 1, argv + argc};
  Words words{host_among(arguments)};
  // Errors are all that is wanted of it, and none that waits for a key that nobody presses.
  if (program == "ssh" || program.ends_with("/ssh"))
    arguments.insert(arguments.begin(), {"-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=30", "-o",
                                         "ServerAliveInterval=5", "-o", "ServerAliveCountMax=12"});
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return 1;
  const process::UniqueFd from{ends[0]};
  process::UniqueFd to{ends[1]};
  ::fcntl(from.get(), F_SETFL, O_NONBLOCK);
  const pid_t self = ::getpid();
  const pid_t shell = ::fork();
  if (shell < 0) return 1;
  if (shell == 0) become_shell(program, arguments, to.get(), self);
  to = {};
  const int status = listen(shell, from.get(), words);
  words.end_line();
  if (status > 0) words.say(HostNotice{host_among(arguments), status}.to_text());
  return status < 0 ? 1 : status;
}

}  // namespace mw::mpi
