// Memory for large payloads, which goes to another process by its descriptor: no copy, no limit of a socket's buffer.
//
// What:    a SharedBlock is a memory file (memfd_create(2)), mapped: a header of 64 bytes, then data. Its maker passes
//          the descriptor on; the other side maps it, reads, and says in the header that it is done, so that the maker
//          can use the block again, with all its pages in place. Where this process's limits leave no descriptor,
//          address space or file size for one, bytes are on the heap, and travel through the socket.
// Owner:   Bytes own their block. Blocks that nobody uses wait in a pool of the process, and so do mappings of other
//          processes' blocks: 16 of each at most, 64 MiB of each at most together.
// Threads: any; a block belongs to one thread at a time.
// Use:
//     SharedBlock* block = make_block(size);               // null: not possible now, take other memory
//     block->set_lent(true);  send_descriptor(block->fd());         // the other side: Bytes bytes = receive_block(fd, size);
//     release_block(block);
#pragma once

#include <cstddef>
#include <cstdint>

#include <mw/bytes.hpp>
#include <mw/error.hpp>

#include "process/fork_count.hpp"
#include "process/unique_fd.hpp"

namespace mw::memory {

class SharedBlock {
 public:
  /// `inode` tells files apart.
  SharedBlock(process::UniqueFd fd, std::byte* memory, std::size_t mapped, bool is_ours, std::uint64_t inode) noexcept
      : fd_{std::move(fd)}, memory_{memory}, mapped_{mapped}, is_ours_{is_ours}, inode_{inode} {}
  ~SharedBlock();
  SharedBlock(const SharedBlock&) = delete;
  SharedBlock& operator=(const SharedBlock&) = delete;

  static constexpr std::size_t header_size = 64;

  std::byte* data() const noexcept { return memory_ + header_size; }
  std::size_t capacity() const noexcept { return mapped_ - header_size; }
  /// -1 in a block that another process made.
  int fd() const noexcept { return fd_.get(); }
  bool is_ours() const noexcept { return is_ours_; }
  std::uint64_t inode() const noexcept { return inode_; }
  /// Whether this process was forked from the one that made or mapped it, which goes on using it.
  bool is_of_parent() const noexcept { return made_in_ != process::fork_count(); }

  /// Whether the other side has it.
  bool is_lent() const noexcept;
  void set_lent(bool lent) noexcept;
  /// False if there is not so much memory to be had; then nothing has changed. May move the data.
  bool resize(std::size_t capacity) noexcept;

 private:
  process::UniqueFd fd_;
  std::byte* memory_;
  std::size_t mapped_;
  bool is_ours_;
  std::uint64_t inode_;
  std::uint32_t made_in_ = process::fork_count();
};

/// The payload is as it should be; this process has no room for it.
class NoRoomError : public InterfaceError {
 public:
  using InterfaceError::InterfaceError;
};

/// How a task ended whose arguments or result (`what`) found no room.
Failure no_room_for(const char* what, const NoRoomError& error);

/// The bytes in a block that another process made: its first `size` bytes of data; a copy of them, where they cannot be
/// mapped. Throws InterfaceError if the file is no such block or shorter than that, and NoRoomError where there is no
/// memory, or where the descriptor (-1) was lost because none was free.
Bytes receive_block(process::UniqueFd fd, std::size_t size);
/// Throws where receive_block() would for that reason.
void check_block(int fd, std::size_t size);

}  // namespace mw::memory
