// Numbers as little-endian bytes, on any machine.
//
// What:    store() and load() of unsigned integers.
// Owner:   nothing.
// Threads: any.
// Use:
//     to = store(to, std::uint64_t{id});
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>

namespace mw::wire {

template <std::unsigned_integral T>
T swapped_if_big(T value) noexcept {
  if constexpr (std::endian::native == std::endian::little || sizeof(T) == 1) {
    return value;
  } else {
    T result = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) result = static_cast<T>(result << 8 | ((value >> (8 * i)) & 0xff));
    return result;
  }
}

/// Returns the place behind.
template <std::unsigned_integral T>
std::byte* store(std::byte* to, T value) noexcept {
  value = swapped_if_big(value);
  std::memcpy(to, &value, sizeof value);
  return to + sizeof value;
}

template <std::unsigned_integral T>
T load(const std::byte* from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof value);
  return swapped_if_big(value);
}

}  // namespace mw::wire
