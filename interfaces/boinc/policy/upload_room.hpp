// How much room uploads may take.
//
// What:    a floor of free space that they leave on the disk, for the database and for everybody else; and a bound for
//          what one host has stored that nobody has validated yet. Pure.
// Owner:   values.
// Threads: any.
// Use:
//     if (!leaves_floor(free, total, nbytes)) …later…
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace mw::boinc {

/// A twentieth of the disk, at least 16 MiB and at most 1 GiB.
inline std::int64_t floor_of(std::int64_t total) noexcept {
  constexpr std::int64_t least = std::int64_t{16} << 20, most = std::int64_t{1} << 30;
  return std::clamp(total / 20, least, most);
}

inline bool leaves_floor(std::int64_t free, std::int64_t total, std::int64_t nbytes) noexcept {
  return free - floor_of(total) >= nbytes;
}

/// Bytes that a host may have stored and not validated: two outputs of full size for each workunit that it has, eight
/// at least, since its results may wait for those of others.
inline std::int64_t most_unvalidated(std::int64_t max_output, std::size_t in_progress) noexcept {
  constexpr std::size_t least = 8;
  const auto outputs = static_cast<std::int64_t>(std::max(2 * in_progress, least));
  return max_output > std::numeric_limits<std::int64_t>::max() / outputs ? std::numeric_limits<std::int64_t>::max()
                                                                         : max_output * outputs;
}

}  // namespace mw::boinc
