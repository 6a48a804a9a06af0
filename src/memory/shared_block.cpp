#include "memory/shared_block.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "process/place.hpp"
#include "process/room.hpp"

namespace mw::memory {
namespace {

constexpr std::size_t smallest = std::size_t{256} << 10;
constexpr std::size_t largest_kept = std::size_t{16} << 20;
constexpr std::size_t most_bytes_kept = std::size_t{64} << 20;
constexpr std::size_t most_kept = 16;
constexpr std::size_t most_alive = 256;  // each holds a descriptor
constexpr std::size_t populate_up_to = std::size_t{16} << 20;

std::atomic<std::uint32_t>& lent_flag(std::byte* memory) noexcept { return *reinterpret_cast<std::atomic<std::uint32_t>*>(memory); }
static_assert(std::atomic<std::uint32_t>::is_always_lock_free && sizeof(std::atomic<std::uint32_t>) == 4);

std::atomic<std::size_t> alive{0};

/// Blocks that nobody in this process uses.
class Pool {
 public:
  /// The first that fits; null if none does.
  template <class Fits>
  SharedBlock* take(const Fits& fits) noexcept {
    std::lock_guard lock{mutex_};
    for (auto place = blocks_.begin(); place != blocks_.end(); ++place) {
      SharedBlock* const block = *place;
      if (!fits(*block)) continue;
      blocks_.erase(place);
      bytes_ -= block->capacity();
      return block;
    }
    return nullptr;
  }

  void put(SharedBlock* block) noexcept {
    std::unique_lock lock{mutex_};
    if (block->capacity() <= largest_kept) {
      blocks_.push_back(block);
      bytes_ += block->capacity();
      block = blocks_.size() > most_kept || bytes_ > most_bytes_kept ? take_oldest() : nullptr;
    }
    lock.unlock();
    delete block;
  }

  /// Makes room: all that nobody uses goes.
  void clear() noexcept {
    std::unique_lock lock{mutex_};
    const std::vector<SharedBlock*> blocks = std::exchange(blocks_, {});
    bytes_ = 0;
    lock.unlock();
    for (const SharedBlock* block : blocks) delete block;
  }

 private:
  SharedBlock* take_oldest() noexcept {
    SharedBlock* const block = blocks_.front();
    blocks_.erase(blocks_.begin());
    bytes_ -= block->capacity();
    return block;
  }

  std::mutex mutex_;
  std::vector<SharedBlock*> blocks_;
  std::size_t bytes_ = 0;
};

/// Those of one process. A child that was forked begins with empty ones: its parent goes on using what is in the old
/// ones.
struct Pools {
  Pool own;      ///< what this process made; the other side may still read some of it
  Pool foreign;  ///< mappings of what others made, and will most likely use again
  const std::uint32_t made_in = process::fork_count();
};

/// They live as long as the process: bytes may be freed while other static objects go.
Pools& pools() {
  static std::atomic<Pools*> current{new Pools};
  Pools* found = current.load(std::memory_order_acquire);
  if (found->made_in == process::fork_count()) return *found;
  auto fresh = std::make_unique<Pools>();
  return current.compare_exchange_strong(found, fresh.get()) ? *fresh.release() : *found;
}

Pool& own_pool() { return pools().own; }
Pool& foreign_pool() { return pools().foreign; }

std::byte* map_once(int fd, std::size_t size, int more_flags) noexcept {
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | more_flags, fd, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<std::byte*>(memory);
}

/// What the pools hold is given up for it.
std::byte* map(int fd, std::size_t size, int more_flags) noexcept {
  std::byte* const memory = map_once(fd, size, more_flags);
  if (memory || errno != ENOMEM) return memory;
  own_pool().clear();
  foreign_pool().clear();
  return map_once(fd, size, more_flags);
}

/// A copy, on the heap; its owner may use the block again.
Bytes copy_out(int fd, std::size_t size) {
  Bytes bytes;
  std::byte* const to = bytes.extend(size);
  for (std::size_t have = 0; have < size;) {
    const ssize_t got = ::pread(fd, to + have, size - have, static_cast<off_t>(SharedBlock::header_size + have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0)
      throw InterfaceError{fmt::format("a payload of {} bytes in memory cannot be read: {}", size, std::strerror(errno))};
    have += static_cast<std::size_t>(got);
  }
  constexpr std::uint32_t not_lent = 0;
  static_cast<void>(::pwrite(fd, &not_lent, sizeof not_lent, 0) == sizeof not_lent);
  return bytes;
}

Bytes copy_where_there_is_room(int fd, std::size_t size) {
  try {
    return copy_out(fd, size);
  } catch (const std::bad_alloc&) {
    throw NoRoomError{fmt::format("there is no memory for {} bytes (ulimit -v)", size)};
  }
}

}  // namespace

SharedBlock::~SharedBlock() {
  if (is_ours_) --alive;
  ::munmap(memory_, mapped_);
}

bool SharedBlock::is_lent() const noexcept { return lent_flag(memory_).load(std::memory_order_acquire) != 0; }
void SharedBlock::set_lent(bool lent) noexcept { lent_flag(memory_).store(lent ? 1 : 0, std::memory_order_release); }

bool SharedBlock::resize(std::size_t capacity) noexcept {
  const std::size_t size = capacity + header_size;
  if (size > process::largest_file()) return false;
  if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return false;
  void* memory = ::mremap(memory_, mapped_, size, MREMAP_MAYMOVE);
  if (memory == MAP_FAILED) return false;
  memory_ = static_cast<std::byte*>(memory);
  mapped_ = size;
  return true;
}

SharedBlock* make_block(std::size_t capacity) noexcept {
  capacity = capacity <= largest_kept && !process::address_space_is_limited()
                 ? std::bit_ceil(std::max(capacity + SharedBlock::header_size, smallest)) - SharedBlock::header_size
                 : capacity;
  const auto fits = [capacity](const SharedBlock& block) {
    return block.capacity() >= capacity && block.capacity() / 4 <= capacity && !block.is_lent();
  };
  if (SharedBlock* block = own_pool().take(fits)) return block;
  if (alive >= most_alive) return nullptr;
  process::UniqueFd fd{::memfd_create("payload", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  const std::size_t size = capacity + SharedBlock::header_size;
  if (fd.get() < 0 || !process::leaves_descriptors(fd.get()) || size > process::largest_file() ||
      ::ftruncate(fd.get(), static_cast<off_t>(size)) != 0 || ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK) != 0)
    return nullptr;
  std::byte* const memory = map_once(fd.get(), size, 0);
  if (!memory) return nullptr;
  ++alive;
  const std::uint64_t inode = process::inode_of(fd.get());
  return new SharedBlock{std::move(fd), memory, size, true, inode};
}

void release_block(SharedBlock* block) noexcept {
  if (block->is_of_parent()) return delete block;
  if (block->is_ours()) return own_pool().put(block);
  block->set_lent(false);
  foreign_pool().put(block);
}

std::byte* data_of(const SharedBlock* block) noexcept { return block->data(); }
std::size_t capacity_of(const SharedBlock* block) noexcept { return block->capacity(); }
bool resize_block(SharedBlock* block, std::size_t capacity) noexcept { return block->is_ours() && block->resize(capacity); }

Failure no_room_for(const char* what, const NoRoomError& error) {
  Failure failure;
  failure.cause = Cause::interface_error;
  failure.message = fmt::format("its {} could not be received: {}", what, error.what());
  return failure;
}

namespace {

/// Of a block in which `size` bytes lie. Throws InterfaceError if it cannot be one.
struct stat status_of_block(int fd, std::size_t size) {
  if (fd < 0) throw NoRoomError{"this process has no descriptor free (ulimit -n)"};
  struct stat status = {};
  const int seals = ::fcntl(fd, F_GET_SEALS);
  if (::fstat(fd, &status) != 0 || seals < 0 || (seals & F_SEAL_SHRINK) == 0)
    throw InterfaceError{"a payload in memory that is not what it should be"};
  const auto whole = static_cast<std::size_t>(status.st_size);
  if (whole < SharedBlock::header_size || size > whole - SharedBlock::header_size)
    throw InterfaceError{fmt::format("a payload of {} bytes in memory of {}", size, whole)};
  return status;
}

}  // namespace

void check_block(int fd, std::size_t size) { static_cast<void>(status_of_block(fd, size)); }

Bytes receive_block(process::UniqueFd fd, std::size_t size) {
  const struct stat status = status_of_block(fd.get(), size);
  const auto mapped = static_cast<std::size_t>(status.st_size);
  const auto is_it = [&](const SharedBlock& block) {
    return block.inode() == status.st_ino && block.capacity() == mapped - SharedBlock::header_size;
  };
  // A file that is mapped here is the same file: its number is not given out again meanwhile.
  if (SharedBlock* known = foreign_pool().take(is_it)) return Bytes::adopt(known, size);
  std::byte* const memory = map(fd.get(), mapped, mapped <= populate_up_to ? MAP_POPULATE : 0);
  if (!memory) return copy_where_there_is_room(fd.get(), size);
  return Bytes::adopt(new SharedBlock{process::UniqueFd{}, memory, mapped, false, status.st_ino}, size);
}

}  // namespace mw::memory
