// Descriptors of a worker's memory that its master reads.
//
// What:    keeps the memory files in which results lie open until the master has read them, even when their worker is
//          gone, so that it finds them under this process's number. A worker uses the same few files again and again.
// Owner:   owns the descriptors.
// Threads: one at a time.
// Use:
//     wire::MemoryPlace place = lent.keep(std::move(descriptor), size);
#pragma once

#include <cstdint>
#include <unordered_map>

#include "process/unique_fd.hpp"
#include "wire/messages.hpp"

namespace mw::agent {

class LentBlocks {
 public:
  wire::MemoryPlace keep(process::UniqueFd descriptor, std::uint64_t size);

 private:
  static constexpr std::size_t looked_at_from = 64;
  void drop_returned();
  std::unordered_map<std::uint64_t, process::UniqueFd> by_inode_;
};

}  // namespace mw::agent
