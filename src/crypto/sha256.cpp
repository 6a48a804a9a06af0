#include "crypto/sha256.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include <mw/error.hpp>

#include <fmt/format.h>

#include "crypto/openssl.hpp"

namespace mw::crypto {
namespace {

EVP_MD_CTX* of(void* context) { return static_cast<EVP_MD_CTX*>(context); }

void check(int result) {
  if (result != 1) throw InterfaceError{"OpenSSL cannot compute SHA-256"};
}

}  // namespace

Sha256::Sha256() : context_{openssl().EVP_MD_CTX_new()} {
  if (!context_) throw InterfaceError{"OpenSSL gives no memory for SHA-256"};
  check(openssl().EVP_DigestInit_ex(of(context_), openssl().EVP_sha256(), nullptr));
}

Sha256::~Sha256() { openssl().EVP_MD_CTX_free(of(context_)); }

void Sha256::add(std::span<const std::byte> bytes) { check(openssl().EVP_DigestUpdate(of(context_), bytes.data(), bytes.size())); }

Digest Sha256::digest() {
  Digest digest{};
  check(openssl().EVP_DigestFinal_ex(of(context_), reinterpret_cast<unsigned char*>(digest.data()), nullptr));
  return digest;
}

Digest sha256_of_file(int file) {
  constexpr std::size_t step = std::size_t{1} << 20;
  Sha256 sum;
  std::vector<std::byte> buffer(step);
  for (off_t at = 0;;) {
    const ssize_t size = ::pread(file, buffer.data(), buffer.size(), at);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) throw InterfaceError{fmt::format("a file cannot be read: {}", std::strerror(errno))};
    if (size == 0) return sum.digest();
    sum.add(std::span{buffer}.first(static_cast<std::size_t>(size)));
    at += size;
  }
}

std::string to_text(const Digest& digest) {
  std::string text;
  for (const std::byte byte : digest) text += fmt::format("{:02x}", static_cast<unsigned>(byte));
  return text;
}

}  // namespace mw::crypto
