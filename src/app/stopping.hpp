// How an application comes to an end before its work is done.
//
// What:    by Ctrl-C, SIGTERM and SIGHUP, which the master follows (MasterOptions::stop_on_signals), or at a time:
//          before the job's time limit (Slurm), or after a while. Stopping sees to that time, knows the last line that
//          is to be said, and ends the process if the program does not come to an end although its master has stopped.
// Owner:   owns a thread and a watch of signals. Made before the master, and goes after it; told of it in between.
// Threads: the caller's; it has one of its own.
// Use:
//     app::Stopping stopping{"monte_pi", terms};                        // throws UsageError
//     Master master{interface, {.stop_on_signals = stopping.grace()}};
//     const app::Stopping::Attached attached{stopping, master};
//     try { work(master); } catch (const Stopped& e) { … tell(stopping.last_line()); … }
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include <mw/master.hpp>
#include <mw/timeout.hpp>

#include "process/interrupt_watch.hpp"

namespace mw::app {

/// What a command line says of it.
struct StopTerms {
  Timeout grace{10};  ///< how long what runs may take, after a signal
  std::optional<Timeout> stop_before = {}, stop_after = {};
  std::string go_on = {};  ///< the command by which the work goes on; empty: there is none
};

/// "90s", "15min": throws UsageError, which says how a time is written.
Timeout parse_time(const std::string& text);

/// How long tasks may take to finish of what is left before a time limit: the rest is for the end of the program.
Timeout patience_before_limit(Timeout left) noexcept;

/// "523 of 1,000 tasks are done, 2 of them failed".
std::string done_text(std::uint64_t done, std::uint64_t tasks, std::uint64_t failed);

class Stopping {
 public:
  /// Throws UsageError for --stop-before outside of a job of Slurm's.
  Stopping(std::string name, const StopTerms& terms);
  ~Stopping();
  Stopping(const Stopping&) = delete;
  Stopping& operator=(const Stopping&) = delete;

  /// While it lives, this master is the one.
  class Attached {
   public:
    Attached(Stopping& stopping, Master& master);
    ~Attached();
    Attached(const Attached&) = delete;
    Attached& operator=(const Attached&) = delete;

   private:
    Stopping& stopping_;
  };

  Timeout grace() const noexcept { return terms_.grace; }
  /// The one because of which it stops, SIGTERM at a time; 0: none.
  int signal() const noexcept { return is_at_limit_ ? SIGTERM : signal_.load(); }
  /// "stopped by Ctrl-C"; empty if nothing has asked for it.
  std::string reason() const;
  /// "monte_pi: stopped by Ctrl-C: 523 of 1,000 tasks are done", the command that goes on, and an end of line.
  std::string last_line() const;

 private:
  using Clock = std::chrono::steady_clock;

  void run();
  void ask_slurm(std::unique_lock<std::mutex>& lock);
  void look_at_master(std::unique_lock<std::mutex>& lock);
  bool note_signal(int signal);
  void say_goodbye();
  void note_counts();

  const std::string name_;
  const StopTerms terms_;
  const std::string job_;  ///< Slurm's; empty where nobody asks for it
  mutable std::mutex mutex_;
  std::condition_variable woken_;
  Master* master_ = nullptr;
  bool is_over_ = false;
  std::optional<Clock::time_point> stop_at_;
  std::optional<Clock::time_point> ask_at_;    ///< when Slurm is asked (again)
  std::chrono::milliseconds pause_{1'000};     ///< before it is asked again
  std::optional<Clock::time_point> end_at_;    ///< when the process is ended
  std::optional<Clock::time_point> limit_at_;  ///< of the job
  std::atomic<bool> is_at_limit_{false};       ///< stop_at_ has come
  std::atomic<int> signal_{0};                 ///< the first one
  std::atomic<std::uint64_t> tasks_{0}, done_{0}, failed_{0};
  std::optional<process::InterruptWatch> interrupts_;
  std::thread thread_;
};

}  // namespace mw::app
