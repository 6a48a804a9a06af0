// A run of bytes that owns its memory.
//
// What:    Bytes: arguments and results on their way. Up to 24 bytes live inside it, more on the heap, and from 128 KiB
//          on in memory that goes to a worker process without a copy, where that can be had.
// Owner:   it owns its bytes; it moves, and copies only by clone().
// Threads: a plain value; one thread at a time.
// Use:
//     mw::Bytes bytes = mw::encode(3, std::string{"x"});
//     send(bytes.span());
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

namespace mw {

namespace memory {
class SharedBlock;
// Memory that another process can map; a block belongs to one thread at a time. src/memory has them.
/// A block of at least `capacity` bytes; null if this machine, or a limit of this process, has none.
SharedBlock* make_block(std::size_t capacity) noexcept;
/// Gives up the block; this process may use its memory again.
void release_block(SharedBlock* block) noexcept;
/// Where its bytes are, and how many it has room for.
std::byte* data_of(const SharedBlock* block) noexcept;
std::size_t capacity_of(const SharedBlock* block) noexcept;
/// False if there is no memory for it; then nothing has changed. May move the bytes.
bool resize_block(SharedBlock* block, std::size_t capacity) noexcept;
}  // namespace memory

/// Sizes and capacities are in bytes. Pointers and spans into it are valid until it changes or goes.
class Bytes {
 public:
  static constexpr std::size_t inline_capacity = 24;      ///< up to this, bytes lie in the object
  static constexpr std::size_t shared_from = 128 * 1024;  ///< from this on, in shared memory where there is any

  /// No bytes.
  Bytes() noexcept = default;
  /// A copy of these. Throws std::bad_alloc.
  explicit Bytes(std::span<const std::byte> bytes) { append(bytes.data(), bytes.size()); }
  Bytes(Bytes&& other) noexcept { take(other); }
  Bytes& operator=(Bytes&& other) noexcept {
    if (this != &other) {
      release();
      take(other);
    }
    return *this;
  }
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  ~Bytes() { release(); }

  /// A copy. Throws std::bad_alloc.
  Bytes clone() const { return Bytes{span()}; }

  /// Where the bytes are, and how many; never null.
  std::byte* data() noexcept { return heap_ ? heap_ : inline_; }
  const std::byte* data() const noexcept { return heap_ ? heap_ : inline_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::span<const std::byte> span() const noexcept { return {data(), size_}; }
  /// How many there is room for without moving them.
  std::size_t capacity() const noexcept { return heap_ ? away_.capacity : inline_capacity; }

  /// Room for at least `capacity` bytes in all. Throws std::bad_alloc.
  void reserve(std::size_t capacity) {
    if (capacity > this->capacity()) grow(capacity);
  }

  /// Copies `size` bytes to the end; room grows by doubling. `bytes` must not lie in this buffer. Throws
  /// std::bad_alloc.
  void append(const void* bytes, std::size_t size) {
    if (size != 0) std::memcpy(extend(size), bytes, size);
  }

  /// `size` more bytes at the end, with no value yet: the caller writes them. Returns where they begin. Throws
  /// std::bad_alloc.
  std::byte* extend(std::size_t size) {
    std::byte* begin = (size > capacity() - size_ ? grow(size_ + size) : data()) + size_;
    size_ += size;
    return begin;
  }

  /// Empties the buffer and keeps its room.
  void clear() noexcept { size_ = 0; }

  /// The shared memory that they are in; null if they are elsewhere.
  memory::SharedBlock* block() const noexcept { return heap_ ? away_.block : nullptr; }
  /// Takes over the block, whose first `size` bytes are these.
  static Bytes adopt(memory::SharedBlock* block, std::size_t size) noexcept {
    Bytes bytes;
    bytes.move_to(block);
    bytes.size_ = size;
    return bytes;
  }

 private:
  struct Away {
    std::size_t capacity;
    memory::SharedBlock* block;  ///< null: `heap_` is from operator new
  };

  void move_to(memory::SharedBlock* block) noexcept {
    heap_ = memory::data_of(block);
    away_ = {memory::capacity_of(block), block};
  }

  /// Returns data(), which is not in this object any more.
  std::byte* grow(std::size_t at_least) {
    const std::size_t capacity = this->capacity() * 2 > at_least ? this->capacity() * 2 : at_least;
    if (block() && memory::resize_block(block(), capacity)) {
      move_to(block());
      return heap_;
    }
    memory::SharedBlock* shared = capacity >= shared_from ? memory::make_block(capacity) : nullptr;
    auto* bytes = shared ? memory::data_of(shared) : static_cast<std::byte*>(::operator new(capacity));
    std::memcpy(bytes, data(), size_);
    const std::size_t size = size_;
    release();
    heap_ = bytes;
    away_ = {shared ? memory::capacity_of(shared) : capacity, shared};
    size_ = size;
    return heap_;
  }
  void release() noexcept {
    if (heap_ && away_.block)
      memory::release_block(away_.block);
    else if (heap_)
      ::operator delete(heap_);
    heap_ = nullptr;
    size_ = 0;
  }
  void take(Bytes& other) noexcept {
    heap_ = std::exchange(other.heap_, nullptr);
    size_ = std::exchange(other.size_, 0);
    if (heap_)
      away_ = other.away_;
    else
      std::memcpy(inline_, other.inline_, inline_capacity);
  }

  std::byte* heap_ = nullptr;  ///< null while the bytes are in `inline_`
  std::size_t size_ = 0;
  union {
    Away away_;
    std::byte inline_[inline_capacity] = {};
  };
};

}  // namespace mw
