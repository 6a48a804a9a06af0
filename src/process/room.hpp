// What the limits of this process leave it.
//
// What:    how large a file may get (ulimit -f: a file that would be larger, in memory too, ends the process by
//          SIGXFSZ, unless NoWriteSignals keeps that away), how near the end of its descriptors it is (ulimit -n), and
//          how full a disk is.
// Owner:   nothing.
// Threads: any.
// Use:
//     if (size > largest_file()) return write_elsewhere();
#pragma once

#include <cstdint>
#include <string>

namespace mw::process {

/// Bytes.
std::uint64_t largest_file() noexcept;

/// Whether more of it must not be taken than is used (ulimit -v).
bool address_space_is_limited() noexcept;

/// Whether enough descriptors are free behind this one, which is the lowest that was free, for what cannot do without.
bool leaves_descriptors(int fd) noexcept;

/// Of the file system that `folder` is in, bytes: what this user may still use, and all of it. Both are as large as can
/// be where the system does not say.
struct DiskRoom {
  std::int64_t free = 0;
  std::int64_t total = 0;
};
DiskRoom disk_room(const std::string& folder) noexcept;

}  // namespace mw::process
