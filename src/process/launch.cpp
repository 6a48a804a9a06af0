#include "process/launch.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "process/origin.hpp"

extern char** environ;

namespace mw::process {
namespace {

/// All that the child needs, made before it is there: it has no memory of its own, and takes none.
struct Plan {
  std::vector<std::string> candidates;  ///< paths to try, in order
  std::vector<char*> argv;
  std::vector<std::string> environment;
  std::vector<char*> envp;
  std::vector<int> kept;  ///< sorted, each from 3
  int standard[3];
  const char* working_directory = nullptr;
  const Origin* origin = nullptr;
  bool new_process_group;
  std::atomic<std::uint32_t>* group_note;
  int group_fd;
  std::uint64_t memory_limit = 0;
  int death_signal;
  pid_t parent;
};

bool is_unset(const std::vector<std::string>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(), [name](std::string_view pattern) {
    return pattern.ends_with('*') ? name.starts_with(pattern.substr(0, pattern.size() - 1)) : name == pattern;
  });
}

std::vector<std::string> environment_of(const Command& command) {
  std::vector<std::string> result;
  const auto is_set = [&](std::string_view name) {
    return std::any_of(command.environment_set.begin(), command.environment_set.end(),
                       [name](const auto& v) { return v.first == name; });
  };
  const auto pass_on = [&](std::string_view text) {
    const auto name = text.substr(0, text.find('='));
    if (!is_set(name) && !is_unset(command.environment_unset, name)) result.emplace_back(text);
  };
  if (command.origin)
    for (const std::string& line : command.origin->environment) pass_on(line);
  else
    for (char** line = environ; line && *line; ++line) pass_on(*line);
  for (const auto& [name, value] : command.environment_set) result.push_back(name + "=" + value);
  return result;
}

std::vector<std::string> candidates_of(const std::string& path) {
  if (path.find('/') != std::string::npos || path.empty()) return {path};
  const char* variable = std::getenv("PATH");
  std::string_view folders = variable ? variable : "/usr/local/bin:/usr/bin:/bin";
  std::vector<std::string> result;
  while (true) {
    const auto colon = folders.find(':');
    const auto folder = folders.substr(0, colon);
    result.push_back((folder.empty() ? std::string{"."} : std::string{folder}) + "/" + path);
    if (colon == std::string_view::npos) return result;
    folders.remove_prefix(colon + 1);
  }
}

Plan plan_of(const Command& command) {
  Plan plan;
  plan.candidates = candidates_of(command.path);
  plan.argv.push_back(const_cast<char*>((command.name.empty() ? command.path : command.name).c_str()));
  for (const auto& argument : command.arguments) plan.argv.push_back(const_cast<char*>(argument.c_str()));
  plan.argv.push_back(nullptr);
  plan.environment = environment_of(command);
  for (auto& line : plan.environment) plan.envp.push_back(line.data());
  plan.envp.push_back(nullptr);
  plan.kept = command.inherit_fds;
  std::sort(plan.kept.begin(), plan.kept.end());
  plan.standard[0] = command.stdin_fd;
  plan.standard[1] = command.stdout_fd;
  plan.standard[2] = command.stderr_fd;
  plan.new_process_group = command.new_process_group;
  plan.group_note = command.group_note;
  plan.group_fd = command.group_fd;
  plan.working_directory = command.working_directory.empty() ? nullptr : command.working_directory.c_str();
  plan.death_signal = command.death_signal;
  plan.memory_limit = command.memory_limit;
  plan.origin = command.origin.get();
  plan.parent = ::getpid();
  return plan;
}

// From here to run_child(): system calls only.

/// Puts the three standard descriptors in place. They are first moved out of the way of each other.
bool place_standard(const Plan& plan) {
  int from[3];
  for (int i = 0; i < 3; ++i) {
    // One of our own may have been closed meanwhile.
    const bool is_open = plan.standard[i] >= 0 && ::fcntl(plan.standard[i], F_GETFD) >= 0;
    const int fd = is_open ? plan.standard[i] : ::open("/dev/null", O_RDWR | O_CLOEXEC);
    from[i] = fd < 0 ? -1 : ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (from[i] < 0) return false;
  }
  for (int i = 0; i < 3; ++i)
    if (::dup2(from[i], i) < 0) return false;
  return true;
}

/// And its umask.
bool enter_folder(const Plan& plan) {
  if (plan.origin && plan.origin->umask) ::umask(*plan.origin->umask);
  if (plan.origin && plan.origin->folder.get() >= 0 && ::fchdir(plan.origin->folder.get()) != 0) return false;
  return !plan.working_directory || ::chdir(plan.working_directory) == 0;
}

/// Every descriptor from 3 but those to keep closes at exec (they may still be needed to report an error).
void limit_descriptors(const Plan& plan) {
  unsigned next = 3;
  for (const int fd : plan.kept) {
    const auto number = static_cast<unsigned>(fd);
    if (number > next) ::close_range(next, number - 1, CLOSE_RANGE_CLOEXEC);
    ::fcntl(fd, F_SETFD, 0);
    next = number + 1;
  }
  ::close_range(next, UINT_MAX, CLOSE_RANGE_CLOEXEC);
}

/// Signals are as a new program expects them, whatever the parent's threads had blocked, ignored or wanted to handle. A
/// stop that came when this was in its parent's group is dropped, since the parent waits for the exec; it comes once
/// more, from the parent, after that (HoldsStops).
void reset_signals() {
  sigset_t none;
  ::sigemptyset(&none);
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  struct sigaction dropped = {};
  dropped.sa_handler = SIG_IGN;
  for (const int stop : {SIGTSTP, SIGTTIN, SIGTTOU}) ::sigaction(stop, &dropped, nullptr);
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &standard, nullptr);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// The first error that is not "not here" wins over it, as in execvp(3).
int execute_first(const Plan& plan) {
  int error = ENOENT;
  for (const auto& path : plan.candidates) {
    ::execve(path.c_str(), plan.argv.data(), plan.envp.data());
    if (errno != ENOENT && errno != ENOTDIR && (error == ENOENT || errno != EACCES)) error = errno;
  }
  return error;
}

void tell_group(int fd) {
  char line[24];
  char* const end = line + sizeof line - 1;
  *end = '\n';
  char* begin = end;
  for (pid_t rest = ::getpid(); rest != 0; rest /= 10) *--begin = static_cast<char>('0' + rest % 10);
  static_cast<void>(::send(fd, begin, static_cast<std::size_t>(end + 1 - begin), MSG_NOSIGNAL));
}

[[noreturn]] void run_child(const Plan& plan, int report) {
  int error = 0;
  if (plan.new_process_group) ::setpgid(0, 0);
  reset_signals();
  if (plan.group_note) plan.group_note->store(static_cast<std::uint32_t>(::getpid()));
  if (plan.group_fd >= 0) tell_group(plan.group_fd);
  ::prctl(PR_SET_PDEATHSIG, plan.death_signal);
  if (::getppid() != plan.parent) ::_exit(128 + SIGKILL);  // it died before the line above
  if (plan.memory_limit != 0) {
    rlimit now{};
    ::getrlimit(RLIMIT_DATA, &now);
    const rlim_t least = plan.memory_limit < now.rlim_cur ? plan.memory_limit : now.rlim_cur;
    const rlimit limit{least, least};
    ::setrlimit(RLIMIT_DATA, &limit);
  }
  if (!enter_folder(plan)) {
    error = errno;
  } else if (place_standard(plan)) {
    limit_descriptors(plan);
    error = execute_first(plan);
  } else {
    error = errno;
  }
  [[maybe_unused]] const auto written = ::write(report, &error, sizeof error);
  ::_exit(127);
}

/// No signal is let through while one of these lives: a handler of the parent's that ran in the child would find locks
/// held by threads that are not there. The child begins with all blocked.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

/// Where SIGCHLD is ignored, the kernel reaps children by itself, and nobody learns how they ended (wait(2)). A handler
/// stays.
void keep_ends_of_children() {
  struct sigaction now = {};
  if (::sigaction(SIGCHLD, nullptr, &now) != 0) return;
  const bool is_ignored = (now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_IGN;
  if (!is_ignored && (now.sa_flags & SA_NOCLDWAIT) == 0) return;
  if (is_ignored) now.sa_handler = SIG_DFL;
  now.sa_flags &= ~SA_NOCLDWAIT;
  ::sigaction(SIGCHLD, &now, nullptr);
}

}  // namespace

pid_t launch(const Command& command) {
  const Plan plan = plan_of(command);
  keep_ends_of_children();
  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) throw StartError{command.path, errno};
  pid_t pid = 0;
  int fork_error = 0;
  {
    const SignalsBlocked no_signals;
    // Until the child is another program it has this one's memory, and this thread waits: nothing is copied. It makes
    // system calls only, and never comes back here.
    pid = ::vfork();
    if (pid == 0) run_child(plan, report[1]);
    fork_error = errno;
  }
  ::close(report[1]);
  if (pid < 0) {
    ::close(report[0]);
    throw StartError{command.path, fork_error};
  }
  if (command.new_process_group) ::setpgid(pid, pid);  // whoever is first
  int error = 0;
  ssize_t got = 0;
  do got = ::read(report[0], &error, sizeof error);
  while (got < 0 && errno == EINTR);
  ::close(report[0]);
  if (got != static_cast<ssize_t>(sizeof error)) return pid;  // the pipe closed at exec
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  throw StartError{command.path, error};
}

std::string find_program(const std::string& path) {
  for (std::string& candidate : candidates_of(path)) {
    struct stat status = {};
    if (::stat(candidate.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(candidate.c_str(), X_OK) == 0)
      return std::move(candidate);
  }
  return {};
}

}  // namespace mw::process
