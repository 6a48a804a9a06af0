// The kernel's count of processes that it killed for want of memory.
//
// What:    oom_kill_count(): compare two readings to tell such a SIGKILL from another.
// Owner:   nothing.
// Threads: any.
// Use:
//     const auto before = oom_kill_count(); … if (oom_kill_count() > before) …
#pragma once

#include <cstdint>
#include <string>

namespace mw::process {

/// The sum of what /proc/vmstat (the whole machine) and this process's cgroup (memory.events of v2, memory.oom_control
/// of v1) count; a file that is not there counts nothing. `root` stands for "/" in tests.
std::uint64_t oom_kill_count(const std::string& root = "");

/// The same, as it was at some time in the last 0.1 s: to read it takes as long as to start a small program.
std::uint64_t recent_oom_kill_count();

}  // namespace mw::process
