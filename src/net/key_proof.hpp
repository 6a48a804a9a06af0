// How two ends of a connection prove to each other that they have the same key.
//
// What:    each sends a fresh nonce; each answers with an HMAC-SHA256 (RFC 2104) over its role and both nonces, so that
//          neither an echo nor the other side's answer proves anything. The key itself is never sent.
// Owner:   plain values.
// Threads: any.
// Use:
//     Key key = make_key();
//     Nonce mine = make_nonce();                            // send it, get theirs
//     send(prove(key, Role::acceptor, mine, theirs));
//     if (!is_proof(answer, key, Role::dialler, theirs, mine)) refuse();
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mw::net {

using Key = std::array<std::byte, 32>;
using Nonce = std::array<std::byte, 32>;
using Proof = std::array<std::byte, 32>;

/// Of the two ends: who listens, and who comes.
enum class Role : char { acceptor = 'm', dialler = 'r' };

/// Throws InterfaceError where the system has no randomness.
Key make_key();
Nonce make_nonce();

/// What `role` sends: over the nonce that it made itself, then the other's.
Proof prove(const Key& key, Role role, const Nonce& own, const Nonce& other);
/// Whether that came from who has the key and that role; takes the same time for every wrong answer.
bool is_proof(const Proof& proof, const Key& key, Role role, const Nonce& own, const Nonce& other);

/// 64 hexadecimal digits, and back.
std::string to_text(const Key& key);
std::optional<Key> key_of(std::string_view text);

}  // namespace mw::net
