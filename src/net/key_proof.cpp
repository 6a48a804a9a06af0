#include "net/key_proof.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstring>
#include <vector>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "parse/number.hpp"

namespace mw::net {
namespace {

template <class Array>
Array random_bytes() {
  Array bytes{};
  if (::RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) != 1)
    throw InterfaceError{"the system gives no random numbers for a key"};
  return bytes;
}

}  // namespace

Key make_key() { return random_bytes<Key>(); }
Nonce make_nonce() { return random_bytes<Nonce>(); }

Proof prove(const Key& key, Role role, const Nonce& own, const Nonce& other) {
  constexpr std::string_view purpose = "CppMW connection 1";
  std::vector<unsigned char> message;
  const auto add = [&](const void* bytes, std::size_t size) {
    const auto* begin = static_cast<const unsigned char*>(bytes);
    message.insert(message.end(), begin, begin + size);
  };
  add(purpose.data(), purpose.size());
  add(&role, 1);
  add(own.data(), own.size());
  add(other.data(), other.size());
  Proof proof{};
  unsigned size = proof.size();
  if (!::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()), message.data(), message.size(),
              reinterpret_cast<unsigned char*>(proof.data()), &size))
    throw InterfaceError{"OpenSSL cannot compute an HMAC-SHA256"};
  return proof;
}

bool is_proof(const Proof& proof, const Key& key, Role role, const Nonce& own, const Nonce& other) {
  const Proof right = prove(key, role, own, other);
  return ::CRYPTO_memcmp(proof.data(), right.data(), right.size()) == 0;
}

std::string to_text(const Key& key) {
  std::string text;
  for (const std::byte byte : key) text += fmt::format("{:02x}", static_cast<unsigned>(byte));
  return text;
}

std::optional<Key> key_of(std::string_view text) {
  Key key{};
  if (text.size() != 2 * key.size()) return std::nullopt;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const auto value = parse::hex_number<unsigned char>(text.substr(2 * i, 2));
    if (!value) return std::nullopt;
    key[i] = static_cast<std::byte>(*value);
  }
  return key;
}

}  // namespace mw::net
