// Which of the things that a process keeps have been changed through the C library.
//
// What:    the functions of the C library that change the working directory, the umask, signal handlers, the signal
//          mask and the interval timers are defined here once more: they do what they always do, and note that they
//          were called. So a worker knows after each task, without a system call, whether there is something to put
//          back. The definitions are weak: a program that has such a function of its own keeps it. What calls the
//          kernel by itself (syscall(2)) is not noticed.
// Owner:   nothing.
// Threads: any.
// Use:
//     if (changes() != 0) put_it_all_back();
#pragma once

#include <atomic>
#include <cstdint>

namespace mw::worker {

enum Change : std::uint32_t {
  changed_directory = 1,
  changed_umask = 2,
  changed_handlers = 4,
  changed_signal_mask = 8,
  changed_timers = 16,
};

namespace watched {
extern std::atomic<std::uint32_t> noted_changes;
}

/// Changes since they were last taken: one read of memory.
inline std::uint32_t changes() noexcept { return watched::noted_changes.load(std::memory_order_relaxed); }
/// The same; from here on they count anew.
inline std::uint32_t take_changes() noexcept { return watched::noted_changes.exchange(0, std::memory_order_relaxed); }

}  // namespace mw::worker
