// How much memory the cores of a machine pass to and fro at a time.
//
// What:    the alignment that keeps what one thread writes all the time apart from what another one does: on one cache
//          line each write would take it away from the other's core.
// Use:     alignas(process::cache_line) std::atomic<std::uint64_t> count{0};
#pragma once

#include <cstddef>

namespace mw::process {

/// In bytes: of x86-64 and of ARM's Cortex-A. std::hardware_destructive_interference_size may differ between the parts
/// of one program, and GCC warns of its use for that reason.
inline constexpr std::size_t cache_line = 64;

}  // namespace mw::process
