// What a task finds around it, and is to leave as it was.
//
// What:    remembers at its making, and puts back after each task: working directory, umask, floating-point
//          environment, signal mask; in a process that does nothing but tasks also signal handlers, interval timers,
//          environment variables, locales, and where and how the standard streams write. The look after a task that
//          changed nothing costs no system call: calls that change what the kernel keeps are noticed
//          (watched_calls.hpp), the rest is a few reads of memory. Not put back: resource limits, priority and
//          processor affinity; threads, open files, static variables and memory of the function's own; variables whose
//          text was written over in place.
// Owner:   keeps the first directory open, and the memory of the environment variables that it puts back.
// Threads: the one that runs tasks, which also makes it. One with Scope::process a process.
// Use:
//     Surroundings surroundings{Scope::process};
//     run(task);
//     if (const auto failure = surroundings.put_back(run_time)) replace_this_worker(*failure);
#pragma once

#include <locale.h>
#include <signal.h>

#include <array>
#include <cfenv>
#include <chrono>
#include <cstdint>
#include <ios>
#include <iosfwd>
#include <locale>
#include <optional>
#include <string>
#include <vector>

#include "process/unique_fd.hpp"
#include "worker/limits.hpp"

namespace mw::worker {

class Surroundings {
 public:
  /// `owns_directory`: working directory and umask are this thread's or process's own (own_working_directory()).
  explicit Surroundings(Scope scope, bool owns_directory = true);
  ~Surroundings();
  Surroundings(const Surroundings&) = delete;
  Surroundings& operator=(const Surroundings&) = delete;

  /// After a task that ran so long. What cannot be put back is said, and no other task should run here.
  std::optional<std::string> put_back(std::chrono::nanoseconds run_time);

 private:
  struct Stream;
  /// After so much run time all that the kernel keeps is put back, whether it was seen to change or not: a call may
  /// have gone past the C library.
  static constexpr std::chrono::milliseconds looked_at_after{5};

  std::optional<std::string> put_back_in_kernel();
  std::optional<std::string> put_back_directory() const;
  void put_back_handlers() const;
  void put_back_environment();
  void put_back_locales();
  void put_back_streams();

  const Scope scope_;
  const bool owns_directory_;
  std::chrono::nanoseconds unlooked_at_{0};
  process::UniqueFd directory_;
  mode_t umask_ = 022;
  std::fenv_t floating_point_;
  sigset_t signal_mask_;
  std::array<struct sigaction, NSIG> handlers_;
  std::vector<char*> environment_;  ///< as it was
  std::vector<char*> variables_;    ///< `environ`, once it was put back
  char** first_variables_ = nullptr;
  locale_t thread_locale_;
  std::string c_locale_;
  std::locale cpp_locale_;
  bool is_synced_ = true;
  std::vector<Stream> streams_;
};

}  // namespace mw::worker
