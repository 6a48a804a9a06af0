#include "net/key_proof.hpp"

#include <vector>

#include <fmt/format.h>

#include "crypto/secrets.hpp"
#include "parse/number.hpp"

namespace mw::net {

Key make_key() { return crypto::random_bytes<std::tuple_size_v<Key>>(); }
Nonce make_nonce() { return crypto::random_bytes<std::tuple_size_v<Nonce>>(); }

Proof prove(const Key& key, Role role, const Nonce& own, const Nonce& other) {
  constexpr std::string_view purpose = "CppMW connection 1";
  std::vector<std::byte> message;
  const auto add = [&](const void* bytes, std::size_t size) {
    const auto* begin = static_cast<const std::byte*>(bytes);
    message.insert(message.end(), begin, begin + size);
  };
  add(purpose.data(), purpose.size());
  add(&role, 1);
  add(own.data(), own.size());
  add(other.data(), other.size());
  return crypto::hmac_sha256(key, message);
}

bool is_proof(const Proof& proof, const Key& key, Role role, const Nonce& own, const Nonce& other) {
  return crypto::is_same(proof, prove(key, role, own, other));
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
