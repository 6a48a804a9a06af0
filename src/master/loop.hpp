// One event loop a master, run by one thread at a time.
//
// What:    handlers of sockets and timers, and what is posted. The loop has a thread of its own; a user's thread that
//          waits for a result runs the loop meanwhile, in its place, so that a result needs no second wake-up to reach
//          it.
// Owner:   owns its thread; finish() ends it.
// Threads: post(), call(), drive() from any thread. Everything that runs on the loop runs under one lock, one at a
//          time.
// Use:
//     Loop loop{[] { after_each_handler(); }};
//     loop.post([] { … });                     // soon, in whatever thread runs the loop
//     loop.call([] { … });                     // now, in this thread
//     loop.post_to_thread([] { … });           // soon, in the loop's own thread: for what is tied to a thread
//     loop.drive(condition);                   // run the loop here until the condition is met
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include <mw/timeout.hpp>

namespace boost::asio {
class io_context;
}

namespace mw::detail {

/// What a driving thread waits for. Looked at after every handler.
class Condition {
 public:
  virtual ~Condition() = default;
  virtual bool is_met() = 0;
};

class Loop {
 public:
  /// `after_each` runs after every handler and every call().
  explicit Loop(std::function<void()> after_each = {});
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  boost::asio::io_context& io() noexcept;
  void post(std::function<void()> call);
  void post_to_thread(std::function<void()> call);
  /// Runs `call` in this thread as if it were on the loop; an exception of it comes out here.
  void call(const std::function<void()>& call);
  /// The same, if nobody runs the loop at this moment, this thread included; else false.
  bool try_call(const std::function<void()>& call);
  /// Runs `call` in the loop's own thread and waits for its end; an exception of it comes out here.
  void call_in_thread(const std::function<void()>& call);

  /// Runs `call` on the loop at that time, in place of what an earlier call_at() asked for. To be called on the loop.
  void call_at(std::chrono::steady_clock::time_point when, std::function<void()> call);

  /// Whether this thread runs the loop right now.
  bool is_here() const noexcept;

  /// Runs the loop in this thread until the condition is met or the deadline has passed. False at once if another
  /// user's thread does that already.
  bool drive(Condition& condition, const Deadline& deadline = {});
  /// A user's thread needs the loop to be run by somebody else now.
  void wake_thread();

  /// Lets the thread end when the loop has nothing left to do, and waits for it.
  void finish();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  ///< shared with those who are still within post()
};

}  // namespace mw::detail
