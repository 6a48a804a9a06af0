// Where set_progress(), emit() and save_checkpoint() go.
//
// What:    the runner of a task names a sink for its time; set_progress() thins the calls out to 20 a second.
// Owner:   the runner owns the sink.
// Threads: a sink of the process hears every thread (a worker process: its task may start threads of its own); a sink
//          of a thread hears that thread only, and goes before it (the serial interface: several may run in one
//          process).
// Use:
//     set_progress_sink(&sink); outcome = execute(…); set_progress_sink(nullptr);
#pragma once

#include <mutex>
#include <span>
#include <string>

#include <mw/bytes.hpp>

namespace mw::worker {

class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  virtual void progress(double fraction) = 0;
  virtual void part(Bytes value) = 0;
  /// By the thread that runs the task. Where nothing else is said, nothing is kept.
  virtual void checkpoint(std::span<const std::byte> /*state*/) {}
  /// A warning, for whoever writes the program.
  virtual void note(const std::string& /*text*/) {}
};

/// Null ends it. Does not return while another thread is inside the old sink.
void set_progress_sink(ProgressSink* sink);
/// Whether there is one.
bool has_process_sink() noexcept;
/// While it is held, the sink stays; it holds nothing if there is none.
std::unique_lock<std::mutex> hold_process_sink();

/// The same, for calls by this thread.
void set_thread_progress_sink(ProgressSink* sink) noexcept;
ProgressSink* thread_progress_sink() noexcept;

}  // namespace mw::worker
