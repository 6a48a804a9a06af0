// What a signal that asks this process to end brings about.
//
// What:    while one lives, SIGINT, SIGTERM and SIGHUP, where nobody else handles them, are told to it in a thread of
//          its own: first it may begin to come to an end by itself (`asked`), and then the process goes on. Where
//          nobody does so, or has done so before, `before_end` is called, and the process ends as by the signal. While
//          that is called, another signal ends it at once. A forked child is ended as ever.
// Owner:   the thread and the handlers are there for all that live, and are taken back with the last one.
// Threads: any. Calls are made one at a time; an InterruptWatch does not go while one of its own is being made.
// Use:
//     const InterruptWatch watch{[&] { give_back_what_was_taken(); }};
//     const InterruptWatch other{[&](int signal) { return stop_soon(signal); }, [] { say_goodbye(); }};
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace mw::process {

class InterruptWatch {
 public:
  /// True: it comes to an end because of this signal, so that the process is to go on; false: it does nothing about it.
  /// Must return at once.
  using Asked = std::function<bool(int signal)>;
  using BeforeEnd = std::function<void(int signal)>;

  explicit InterruptWatch(std::function<void()> before_end);
  InterruptWatch(Asked asked, BeforeEnd before_end);
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// As people know it: "Ctrl-C", "SIGTERM", "SIGHUP".
std::string name_of_interrupt(int signal);

}  // namespace mw::process
