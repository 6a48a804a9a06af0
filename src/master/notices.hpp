// Calls that are made when a task is done.
//
// What:    who does not wait in a thread of his own (a coroutine, a future) leaves a call, which is made soon after the
//          task is done, or after nothing more can be done.
// Owner:   owns its thread, which begins with the first call that is left; keeps the tasks that calls wait for.
// Threads: when_done(), ended() and fail() for the loop; finish() for whoever ends the master. Calls are made in the
//          thread of the notices, one at a time.
// Use:
//     notices.when_done(record, [] { … });
//     if (!notices.empty()) notices.ended(record);             // after it was published
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/record.hpp"

namespace mw::detail {

class Notices {
 public:
  using Call = std::function<void()>;

  Notices() = default;
  ~Notices() { finish(); }
  Notices(const Notices&) = delete;
  Notices& operator=(const Notices&) = delete;

  /// Whether no call waits for a task.
  bool empty() const noexcept { return waiting_.empty(); }
  /// `call`, which may not throw, is made when the record is done: soon, if it is already. Throws InterfaceError, as
  /// at_once() does, if there is no thread for it.
  void when_done(RecordPtr record, Call call);
  /// Makes it soon, whatever becomes of the task.
  void at_once(Call call);
  /// This one is done. The address only is looked at.
  void ended(const TaskRecord* record);
  /// Nothing more can be done: every call is made.
  void fail();
  /// Makes the calls that are due, and those that they bring about, and ends the thread.
  void finish();

  /// Whether this thread makes such calls: in it, nobody may wait for another of them.
  static bool is_here() noexcept;

 private:
  void start();
  void push(Call call);
  void run();

  std::unordered_map<const TaskRecord*, std::pair<RecordPtr, std::vector<Call>>> waiting_;
  std::mutex mutex_;
  std::condition_variable due_;
  std::deque<Call> calls_;  ///< under the mutex
  bool is_ending_ = false;  ///< under the mutex
  std::thread thread_;
};

}  // namespace mw::detail
