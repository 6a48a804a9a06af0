// Files in memory for what tasks print.
//
// What:    a file that takes so many bytes and no more, whoever writes: all writers share one offset, which says how
//          much there is.
// Owner:   the caller owns the descriptor.
// Threads: any.
// Use:
//     UniqueFd err{make_memory_file("stderr")};  …  std::string text = read_memory_file(err.get());
#pragma once

#include <cstddef>
#include <string>

namespace mw::worker {

/// What one task may print to one stream; the rest is dropped, and a last line says so.
inline constexpr std::size_t printed_limit = 16 * 1024 * 1024;

/// A new file in memory, of the size that may be written to it: printed_limit, or what a limit on file sizes leaves.
/// Returns its descriptor (close-on-exec); throws InterfaceError.
int make_memory_file(const char* name);

/// Whether the descriptor is such a file.
bool is_memory_file(int fd) noexcept;

/// How much may be written to it in all, and how much was.
std::size_t room_of(int file) noexcept;
std::size_t written_to(int file) noexcept;

/// All that was written to a memory file since it was last emptied. Empty if the descriptor is no memory file.
std::string read_memory_file(int fd);

void empty_memory_file(int file) noexcept;

}  // namespace mw::worker
