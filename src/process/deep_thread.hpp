// A thread with as much stack as the main thread has.
//
// What:    where the stack is unlimited (ulimit -s unlimited), the C library gives a new thread 2 MiB; this one gets
//          far more.
// Owner:   joined at the latest when this goes.
// Threads: made and joined by one.
// Use:
//     DeepThread thread{[this] { run(); }};
#pragma once

#include <pthread.h>

#include <functional>

namespace mw::process {

class DeepThread {
 public:
  DeepThread() = default;
  /// Throws InterfaceError.
  explicit DeepThread(std::function<void()> run);
  DeepThread(DeepThread&& other) noexcept;
  DeepThread& operator=(DeepThread&& other) noexcept;
  ~DeepThread();

 private:
  pthread_t thread_ = {};
  bool is_running_ = false;
};

}  // namespace mw::process
