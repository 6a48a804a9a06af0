// A thread's own time.
//
// What:    how long the calling thread has had a processor: what else runs on the machine does not count.
// Owner:   nothing.
// Threads: any; each has its own.
// Use:
//     const auto begin = thread_time();
//     …
//     if (thread_time() - begin > 20ms) …
#pragma once

#include <chrono>
#include <ctime>

namespace mw::process {

inline std::chrono::nanoseconds thread_time() noexcept {
  timespec time = {};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

}  // namespace mw::process
