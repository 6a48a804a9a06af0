// Programs of this build that tests start.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace test {

/// The path of a program of this build.
inline std::string beside(const std::string& name) { return std::filesystem::read_symlink("/proc/self/exe").parent_path() / name; }

/// A program of this build with `tag` in its environment; killed at the latest when this goes.
class Program {
 public:
  Program(const std::string& program, const std::vector<std::string>& arguments, const std::string& tag, bool leads_group = false)
      : pid_{::fork()} {
    if (pid_ != 0) return;
    if (leads_group) ::setpgid(0, 0);
    ::putenv(const_cast<char*>(tag.c_str()));
    std::vector<char*> argv{const_cast<char*>(program.c_str())};
    for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    ::execv(program.c_str(), argv.data());
    ::_exit(127);
  }
  ~Program() {
    if (pid_ > 0) kill(), wait();
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void kill(int signal = SIGKILL) { ::kill(pid_, signal); }
  pid_t pid() const noexcept { return pid_; }
  /// Without taking its status.
  bool has_ended() const {
    siginfo_t info = {};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid_;
  }
  /// As waitpid(2) has it.
  int wait() {
    int status = -1;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return status;
  }

 private:
  pid_t pid_;
};

}  // namespace test
