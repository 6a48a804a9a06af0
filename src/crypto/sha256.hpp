// SHA-256 (FIPS 180-4), of bytes as they come.
//
// What:    libcrypto's, for contents that are known by their sum.
// Owner:   holds the state of one sum.
// Threads: one at a time.
// Use:
//     Sha256 sum;                                           // throws InterfaceError if there is no libcrypto
//     sum.add(bytes);
//     const Digest digest = sum.digest();
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>

namespace mw::crypto {

using Digest = std::array<std::byte, 32>;

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(std::span<const std::byte> bytes);
  /// Of all that was added. Once.
  Digest digest();

 private:
  void* context_;
};

/// Of a file, from its beginning to its end; the descriptor's own position stays. Throws InterfaceError if it cannot be
/// read.
Digest sha256_of_file(int file);

/// 64 hexadecimal digits.
std::string to_text(const Digest& digest);

}  // namespace mw::crypto
