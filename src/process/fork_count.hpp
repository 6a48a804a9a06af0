// Whether this process was forked.
//
// What:    fork_count(): a number that is another one in a child that fork(2) made, as daemon(3) does, than in its
//          parent. Who keeps it with what belongs to one process (threads, sockets, children) can tell.
// Owner:   the process.
// Threads: any.
// Use:
//     const std::uint32_t made_in = process::fork_count();  …  if (made_in != process::fork_count()) leave_everything_alone();
#pragma once

#include <atomic>
#include <cstdint>

namespace mw::process {

namespace detail {
extern std::atomic<std::uint32_t> forks;
}

/// A load and no system call. Children of vfork(2) and clone(2) do not count: they are expected to call exec.
inline std::uint32_t fork_count() noexcept { return detail::forks.load(std::memory_order_relaxed); }

}  // namespace mw::process
