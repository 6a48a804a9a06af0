// Something to be done before a signal ends this process.
//
// What:    while one lives, SIGINT, SIGTERM and SIGHUP, where nobody else handles them, first call what it was given,
//          in a thread of its own, and then end the process as they would have; a second one of the same kind ends it
//          at once. A forked child is ended as ever.
// Owner:   owns the thread and the handlers, which it takes back.
// Threads: one at a time in a process: a second one does nothing.
// Use:
//     const InterruptWatch watch{[&] { give_back_what_was_taken(); }};
#pragma once

#include <functional>
#include <memory>

namespace mw::process {

class InterruptWatch {
 public:
  explicit InterruptWatch(std::function<void()> before_end);
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mw::process
