// Where mw::count() and mw::time_block() go.
//
// What:    what the thread that runs a task measures is kept for that thread, without a lock; what other threads of the
//          process measure while its worker runs a task (set_progress_sink()) is kept beside that. Who reports the
//          task's end takes both.
// Owner:   each thread has its own; what is taken is the caller's.
// Threads: any.
// Use:
//     { const MeasureScope scope;  function.call(arguments); }
//     outcome.measured = take_measures([](const std::string& warning) { … });
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <mw/bytes.hpp>

namespace mw::worker {

/// While it lives, this thread runs a task. It begins with nothing measured.
class MeasureScope {
 public:
  MeasureScope() noexcept;
  ~MeasureScope();
  MeasureScope(const MeasureScope&) = delete;
  MeasureScope& operator=(const MeasureScope&) = delete;
};

/// What the task that has just run here has measured, encoded; null if that is nothing. `warn` is called once in a
/// process when a part of it had no room.
std::unique_ptr<Bytes> take_measures(const std::function<void(const std::string&)>& warn);

}  // namespace mw::worker
