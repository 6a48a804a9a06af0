// What is in one open file, put into another.
//
// What:    copy_file() reads to the end of the one and writes the other.
// Owner:   the files are the caller's.
// Threads: any.
// Use:
//     if (!copy_file(from, to)) fail(errno);
#pragma once

#include <unistd.h>

#include <cerrno>
#include <memory>

namespace mw::worker {

/// False, with errno, if one of them fails.
inline bool copy_file(int from, int to) {
  constexpr std::size_t buffer_size = 256 * 1024;
  const auto buffer = std::make_unique_for_overwrite<char[]>(buffer_size);
  while (true) {
    const ssize_t got = ::read(from, buffer.get(), buffer_size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0;
    for (ssize_t put = 0; put < got;) {
      const ssize_t more = ::write(to, buffer.get() + put, static_cast<std::size_t>(got - put));
      if (more < 0 && errno == EINTR) continue;
      if (more < 0) return false;
      put += more;
    }
  }
}

}  // namespace mw::worker
