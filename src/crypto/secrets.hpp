// Random numbers, and what proves that somebody has a secret.
//
// What:    random bytes from the system (getentropy(3)); HMAC-SHA256 (RFC 2104, FIPS 180-4); a comparison whose time
//          says nothing of where two texts differ.
// Owner:   values.
// Threads: any.
// Use:
//     const auto key = random_bytes<32>();
//     if (is_same(hmac_sha256(key, message), said)) …       // throws InterfaceError if there is no libcrypto
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace mw::crypto {

/// Throws InterfaceError if the system gives none.
void fill_with_random_bytes(std::span<std::byte> bytes);

template <std::size_t Size>
std::array<std::byte, Size> random_bytes() {
  std::array<std::byte, Size> bytes{};
  fill_with_random_bytes(bytes);
  return bytes;
}

std::array<std::byte, 32> hmac_sha256(std::span<const std::byte> key, std::span<const std::byte> message);

/// Takes as long wherever they differ; only their lengths are no secret.
bool is_same(std::span<const std::byte> one, std::span<const std::byte> other) noexcept;

}  // namespace mw::crypto
