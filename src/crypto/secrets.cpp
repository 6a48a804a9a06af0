#include "crypto/secrets.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "crypto/openssl.hpp"

namespace mw::crypto {

void fill_with_random_bytes(std::span<std::byte> bytes) {
  constexpr std::size_t most_at_once = 256;  // getentropy(3)
  while (!bytes.empty()) {
    const auto part = bytes.first(std::min(bytes.size(), most_at_once));
    if (::getentropy(part.data(), part.size()) != 0)
      throw InterfaceError{fmt::format("the system gives no random numbers: {}", std::strerror(errno))};
    bytes = bytes.subspan(part.size());
  }
}

std::array<std::byte, 32> hmac_sha256(std::span<const std::byte> key, std::span<const std::byte> message) {
  std::array<std::byte, 32> sum{};
  auto size = static_cast<unsigned>(sum.size());
  const OpenSsl& library = openssl();
  if (!library.HMAC(library.EVP_sha256(), key.data(), static_cast<int>(key.size()),
                    reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                    reinterpret_cast<unsigned char*>(sum.data()), &size))
    throw InterfaceError{"OpenSSL cannot compute an HMAC-SHA256"};
  return sum;
}

bool is_same(std::span<const std::byte> one, std::span<const std::byte> other) noexcept {
  if (one.size() != other.size()) return false;
  volatile unsigned char difference = 0;  // else the loop could end early
  for (std::size_t i = 0; i < one.size(); ++i) difference = difference | static_cast<unsigned char>(one[i] ^ other[i]);
  return difference == 0;
}

}  // namespace mw::crypto
