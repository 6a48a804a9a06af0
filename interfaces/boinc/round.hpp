// What a round of the master brings to a backend whose workers come by themselves.
//
// What:    keeps the tasks that are submitted and those that nobody wants any more until the round is over, and hands
//          them on together; tells the master how a task ended.
// Owner:   values.
// Threads: the master's loop; tell_end() in any.
// Use:
//     round.submit(task);  round.drop(other);  round.flush(server);
#pragma once

#include <utility>
#include <vector>

#include <mw/interface.hpp>

namespace mw::boinc {

class Round {
 public:
  void submit(const TaskRef& task) { submitted_.push_back(task); }
  /// No volunteer's work on it counts any more, whether one has begun or not.
  void drop(const TaskRef& task) { dropped_.push_back(task); }
  /// To something with submit() and drop().
  template <class Backend>
  void flush(Backend& backend) {
    if (!submitted_.empty()) backend.submit(std::exchange(submitted_, {}));
    if (!dropped_.empty()) backend.drop(std::exchange(dropped_, {}));
  }

 private:
  std::vector<TaskRef> submitted_;
  std::vector<TaskRef> dropped_;
};

/// `is_lost`: nobody computed it; it may be tried again.
inline void tell_end(InterfaceHost& host, const TaskRef& task, Outcome outcome, bool is_lost) {
  if (is_lost)
    host.task_lost(task, std::move(outcome));
  else
    host.task_finished(task, std::move(outcome));
}

}  // namespace mw::boinc
