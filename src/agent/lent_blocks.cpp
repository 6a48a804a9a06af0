#include "agent/lent_blocks.hpp"

#include <unistd.h>

#include "process/place.hpp"
#include "process/room.hpp"

namespace mw::agent {

wire::MemoryPlace LentBlocks::keep(process::UniqueFd descriptor, std::uint64_t size) {
  if (by_inode_.size() >= looked_at_from || !process::leaves_descriptors(descriptor.get())) drop_returned();
  const std::uint64_t inode = process::inode_of(descriptor.get());
  const auto place = by_inode_.try_emplace(inode, std::move(descriptor)).first;
  return {static_cast<std::uint32_t>(::getpid()), static_cast<std::uint32_t>(place->second.get()), inode, size};
}

/// A block begins with a flag that its reader sets to 0 (memory/shared_block.hpp).
void LentBlocks::drop_returned() {
  std::erase_if(by_inode_, [](const auto& one) {
    std::uint32_t lent = 1;
    return ::pread(one.second.get(), &lent, sizeof lent, 0) == sizeof lent && lent == 0;
  });
}

}  // namespace mw::agent
