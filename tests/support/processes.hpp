// Looking at the processes of this machine, for tests that leave none behind.
#pragma once

#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

namespace test {

/// Waits until `condition` holds; false if it does not within `limit`.
inline bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit = std::chrono::seconds{20}) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}

/// What is in the file; a process's file may end anywhere, since the process may go while it is read.
inline std::string file_text(const std::string& path) {
  std::string text;
  std::FILE* file = std::fopen(path.c_str(), "rbe");
  if (!file) return text;
  char buffer[4096];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, file)) text.append(buffer, got);
  std::fclose(file);
  return text;
}

/// A process's state letter: 'R', 'S', 'Z' …; 0 if there is none.
inline char state_of(pid_t pid) {
  const std::string stat = file_text("/proc/" + std::to_string(pid) + "/stat");
  const auto name_end = stat.rfind(')');
  return name_end == std::string::npos || name_end + 2 >= stat.size() ? '\0' : stat[name_end + 2];
}

inline pid_t parent_of(pid_t pid) {
  const std::string stat = file_text("/proc/" + std::to_string(pid) + "/stat");
  const auto name_end = stat.rfind(')');
  return name_end == std::string::npos || name_end + 4 >= stat.size() ? -1 : std::atoi(stat.c_str() + name_end + 4);
}

inline std::vector<pid_t> all_processes() {
  std::vector<pid_t> pids;
  DIR* folder = ::opendir("/proc");
  while (const dirent* entry = ::readdir(folder))
    if (const int pid = std::atoi(entry->d_name); pid > 0) pids.push_back(pid);
  ::closedir(folder);
  return pids;
}

/// The living processes (no zombies) that were started with `tag` somewhere in their environment.
inline std::vector<pid_t> processes_with(const std::string& tag) {
  std::vector<pid_t> found;
  for (const pid_t pid : all_processes()) {
    const char state = state_of(pid);
    if (state == '\0' || state == 'Z' || state == 'X') continue;
    if (file_text("/proc/" + std::to_string(pid) + "/environ").find(tag) != std::string::npos) found.push_back(pid);
  }
  return found;
}

/// The living children of this process.
inline std::vector<pid_t> children() {
  std::vector<pid_t> found;
  for (const pid_t pid : all_processes())
    if (parent_of(pid) == ::getpid() && state_of(pid) != 'Z' && state_of(pid) != '\0') found.push_back(pid);
  return found;
}

/// A signal's action for as long as this lives.
class SignalAction {
 public:
  SignalAction(int signal, const struct sigaction& action) : signal_{signal} { ::sigaction(signal, &action, &before_); }
  ~SignalAction() { ::sigaction(signal_, &before_, nullptr); }
  SignalAction(const SignalAction&) = delete;
  SignalAction& operator=(const SignalAction&) = delete;

 private:
  int signal_;
  struct sigaction before_ = {};
};

}  // namespace test
