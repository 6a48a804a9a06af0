// A buffer of bytes that owns them.
//
// What:    Bytes: arguments and results on their way. Up to 32 bytes live inside it, more on the heap.
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

class Bytes {
 public:
  static constexpr std::size_t inline_capacity = 32;

  Bytes() noexcept = default;
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

  Bytes clone() const { return Bytes{span()}; }

  std::byte* data() noexcept { return heap_ ? heap_ : inline_; }
  const std::byte* data() const noexcept { return heap_ ? heap_ : inline_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::span<const std::byte> span() const noexcept { return {data(), size_}; }
  std::size_t capacity() const noexcept { return heap_ ? heap_capacity_ : inline_capacity; }

  /// Room for at least `capacity` bytes in all. Throws std::bad_alloc.
  void reserve(std::size_t capacity) {
    if (capacity > this->capacity()) grow(capacity);
  }

  /// Copies `size` bytes to the end; room grows by doubling. `bytes` must not lie in this buffer.
  void append(const void* bytes, std::size_t size) {
    if (size == 0) return;
    if (size > capacity() - size_) grow(size_ + size);
    std::memcpy(data() + size_, bytes, size);
    size_ += size;
  }

  /// `size` more bytes at the end, with no value yet: the caller writes them. Returns where they begin.
  std::byte* extend(std::size_t size) {
    if (size > capacity() - size_) grow(size_ + size);
    std::byte* begin = data() + size_;
    size_ += size;
    return begin;
  }

  /// Empties the buffer and keeps its room.
  void clear() noexcept { size_ = 0; }

 private:
  void grow(std::size_t at_least) {
    std::size_t capacity = this->capacity() * 2 > at_least ? this->capacity() * 2 : at_least;
    auto* bytes = static_cast<std::byte*>(::operator new(capacity));
    std::memcpy(bytes, data(), size_);
    if (heap_) ::operator delete(heap_);
    heap_ = bytes;
    heap_capacity_ = capacity;
  }
  void release() noexcept {
    if (heap_) ::operator delete(heap_);
    heap_ = nullptr;
    size_ = 0;
  }
  void take(Bytes& other) noexcept {
    heap_ = std::exchange(other.heap_, nullptr);
    size_ = std::exchange(other.size_, 0);
    if (heap_)
      heap_capacity_ = other.heap_capacity_;
    else
      std::memcpy(inline_, other.inline_, inline_capacity);
  }

  std::byte* heap_ = nullptr;  ///< null while the bytes are in `inline_`
  std::size_t size_ = 0;
  union {
    std::size_t heap_capacity_;
    std::byte inline_[inline_capacity] = {};
  };
};

}  // namespace mw
