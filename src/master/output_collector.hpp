// Brings tasks' output files to their places.
//
// What:    collect() takes a result that came with files, and has them written beside their places in a thread of its
//          own, which is started with the first; then the caller's `then` says whether they still count. Files that
//          come from this machine lie in folder() meanwhile.
// Owner:   owns the folder and the thread. stop() waits for the files that are under way, and drops the others.
// Threads: folder(): any. The rest: one at a time. `then` is called in the thread.
// Use:
//     collector.collect(task, std::move(outcome), [&](std::shared_ptr<Collected> done) { loop.post([=] { end(*done); }); });
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <mw/interface.hpp>

#include "master/placed_files.hpp"

namespace mw::detail {

/// A result, and its files.
struct Collected {
  TaskRef task;
  Outcome outcome;  ///< a failure in place of the result, if the files cannot be had
  PlacedFiles files;

  /// The files get their names; what fails becomes the outcome's failure.
  void commit() noexcept;
};

class OutputCollector {
 public:
  using Then = std::function<void(std::shared_ptr<Collected>)>;

  ~OutputCollector();

  /// Where workers on this machine put the files of their tasks; made when it is first asked for. Throws Error.
  const std::string& folder();

  /// Where there is no thread to be had, it happens here.
  void collect(const TaskRef& task, Outcome outcome, Then then);
  /// The result is of no use any more.
  void drop(const TaskRef& task) noexcept;
  /// Nothing is collected from now on, and nothing more is said.
  void stop() noexcept;

 private:
  struct Job {
    std::shared_ptr<Collected> result;
    Then then;
  };
  void run();

  std::mutex mutex_;
  std::condition_variable woken_;
  std::string folder_;
  std::deque<Job> jobs_;
  bool is_stopped_ = false;
  std::thread thread_;
};

}  // namespace mw::detail
