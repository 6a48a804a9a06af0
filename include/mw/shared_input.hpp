// A shared value, as a backend brings it to a worker.
//
// What:    where the bytes are that a task's arguments refer to: a file of this machine, which any process of this user
//          may open while the task is not done.
// Owner:   a plain value; the file is its master's.
// Threads: any.
// Use:
//     for (const mw::SharedInput& input : task.shared()) copy(input.from, …);
#pragma once

#include <cstdint>
#include <string>

namespace mw {

struct SharedInput {
  std::uint64_t number = 0;  ///< tells the values of a program apart
  std::uint64_t size = 0;    ///< bytes; the file of an empty value has one all the same
  std::uint64_t inode = 0;   ///< the file's, as its path may be another file's by now; 0: that cannot be
  std::string from = {};     ///< its path: "/proc/17/fd/5"

  bool operator==(const SharedInput&) const = default;
};

}  // namespace mw
