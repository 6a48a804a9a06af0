// What a task prints, emitted while it runs (TaskOptions::emit_stdout).
//
// What:    in a worker process, while a LiveOutput exists, a thread looks every 50 ms for what has been written to
//          stdout, and emits whole lines of it; the rest, when it goes. That is besides what is kept of it
//          (printed_output.hpp). A Program's stdout does not come by here: whoever reads it asks is_on(), and has a
//          LineCutter. In a thread's scope that is all there is to it.
// Owner:   owns its thread. Where no thread is to be had, all is emitted at the end.
// Threads: made and destroyed by the thread that runs the task; one at a time in a process, or in a thread.
// Use:
//     const LiveOutput live{scope}; call();
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "worker/limits.hpp"

namespace mw::worker {

/// Whole lines of a text that comes in pieces; of a line above 1 MiB, pieces.
class LineCutter {
 public:
  using Give = std::function<void(const std::string& lines)>;
  explicit LineCutter(Give give) : give_{std::move(give)} {}
  /// Gives what is complete with this.
  void add(std::string_view text);
  /// Gives what has no end of line.
  void finish();

 private:
  const Give give_;
  std::string unfinished_;
};

class LiveOutput {
 public:
  explicit LiveOutput(Scope scope);
  ~LiveOutput();
  LiveOutput(const LiveOutput&) = delete;
  LiveOutput& operator=(const LiveOutput&) = delete;

  /// Whether this thread's task is to emit what it prints.
  static bool is_on() noexcept;

 private:
  void run() noexcept;
  bool look();

  const bool is_threads_;
  std::size_t seen_ = 0;  ///< bytes of the task's stdout
  LineCutter lines_;
  std::mutex mutex_;  ///< guards what follows
  std::condition_variable changed_;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace mw::worker
