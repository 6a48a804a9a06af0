// A child process: started, waited for, reaped.
//
// What:    Child starts an executable with exactly the descriptors, environment and process group that Command says.
// Owner:   a Child owns its process: its end kills the process group and reaps.
// Threads: one at a time. The death signal of a child is tied to the *thread* that started it: start children from a
//          thread that lives as long as they should (PR_SET_PDEATHSIG, prctl(2)).
// Use:
//     Child child = Child::start(io, {.path = "/bin/sleep", .arguments = {"10"}});
//     child.async_wait([](Death death) { log(describe(death)); });
//     child.kill_group(SIGTERM);
#pragma once

#include <sys/types.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <mw/error.hpp>

namespace boost::asio {
class io_context;
}

namespace mw::process {

struct Origin;

struct Command {
  /// With a '/' as it is; otherwise looked up in PATH.
  std::string path;
  std::vector<std::string> arguments = {};
  std::string name = {};  ///< argv[0]; empty: the path
  std::vector<std::pair<std::string, std::string>> environment_set = {};
  std::vector<std::string> environment_unset = {};  ///< names; "MW_*" is every name that begins so
  int stdin_fd = -1;                                ///< -1: /dev/null
  int stdout_fd = -1;
  int stderr_fd = -1;
  std::vector<int> inherit_fds = {};  ///< kept open under the same number, from 3; every other descriptor is closed
  bool new_process_group = true;
  bool follows_stops = false;  ///< its group stops and goes on with this process; see job_control.hpp
  /// In memory that is shared with the child: it puts the number of its new group there before it becomes the program.
  std::atomic<std::uint32_t>* group_note = nullptr;
  int group_fd = -1;                          ///< a socket to which it writes that number and a newline, then; -1: none
  std::string working_directory = {};         ///< empty: this process's, or the origin's
  std::shared_ptr<const Origin> origin = {};  ///< with its folder, variables and umask; null: with this process's present ones
  std::uint64_t memory_limit = 0;             ///< of its data, bytes (RLIMIT_DATA); 0: none
  int death_signal = SIGKILL;                 ///< what the kernel sends it when the thread that started it ends
};

/// How a process ended.
struct Death {
  bool signaled = false;
  int exit_status = 0;
  int signal = 0;
  bool unknown = false;        ///< somebody else has waited for it, or SIGCHLD is ignored; then exit_status is -1
  bool out_of_memory = false;  ///< SIGKILL, and the kernel's count of kills for want of memory rose while it lived
};

/// "exit status 3", "signal 9 (Killed)", "signal 9 (Killed), out of memory", "a status that nobody knows: …".
std::string describe(const Death& death);
Failure to_failure(const Death& death);

/// The process could not be started; error() is the system's errno.
class StartError : public InterfaceError {
 public:
  StartError(const std::string& path, int error);
  int error() const noexcept { return error_; }

 private:
  int error_;
};

class Child {
 public:
  /// Throws StartError.
  static Child start(boost::asio::io_context& io, const Command& command);
  Child(Child&&) noexcept;
  Child& operator=(Child&&) noexcept;
  ~Child();

  pid_t pid() const noexcept;
  /// Calls `ended` once, on the io_context, when the process has ended and is reaped.
  void async_wait(std::function<void(Death)> ended);
  /// Signals the process and, if it leads one, its group. After the process was reaped it reaches what is left of its
  /// group: no new process gets the number as long as the group has members, but call it right away, before the number
  /// can be given out again to a new group.
  void kill_group(int signal) noexcept;

 private:
  struct Impl;
  explicit Child(std::shared_ptr<Impl> inside);
  std::shared_ptr<Impl> impl_;
};

/// Whether a process is stopped, by a signal or by a debugger (proc(5)).
bool is_stopped(pid_t pid);

/// What this process is called: argv[0] as the kernel has it.
std::string own_name();

}  // namespace mw::process
