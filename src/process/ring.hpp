// Values on their way from one thread to another, which never waits.
//
// What:    a ring of a fixed size. Where it is full, push() says so, and the value is not taken.
// Owner:   the values' memory; made once.
// Threads: one pushes, one takes; at the same time.
// Use:
//     Ring<Record> ring{1 << 17};
//     if (!ring.push(record)) ++dropped;
//     while (const auto some = ring.front(); !some.empty()) write(some), ring.pop(some.size());
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <span>

#include "process/cache_line.hpp"

namespace mw::process {

template <class T>
class Ring {
 public:
  /// A power of two.
  explicit Ring(std::size_t capacity) : capacity_{capacity}, values_{std::make_unique<T[]>(capacity)} {}

  /// False if there is no room.
  bool push(const T& value) noexcept {
    const std::size_t end = end_.load(std::memory_order_relaxed);
    if (end - known_begin_ == capacity_) {
      known_begin_ = begin_.load(std::memory_order_acquire);
      if (end - known_begin_ == capacity_) return false;
    }
    values_[end & (capacity_ - 1)] = value;
    end_.store(end + 1, std::memory_order_release);
    return true;
  }

  /// The oldest ones, as many as lie side by side; valid until pop().
  std::span<const T> front() const noexcept {
    const std::size_t begin = begin_.load(std::memory_order_relaxed), place = begin & (capacity_ - 1);
    const std::size_t there = end_.load(std::memory_order_acquire) - begin;
    return {&values_[place], std::min(there, capacity_ - place)};
  }
  /// So many of them are not needed any more.
  void pop(std::size_t count) noexcept { begin_.store(begin_.load(std::memory_order_relaxed) + count, std::memory_order_release); }

 private:
  const std::size_t capacity_;
  const std::unique_ptr<T[]> values_;
  alignas(process::cache_line) std::atomic<std::size_t> end_{0};  ///< who pushes writes here …
  std::size_t known_begin_ = 0;
  alignas(process::cache_line) std::atomic<std::size_t> begin_{0};  ///< … and who takes writes here
};

}  // namespace mw::process
