// How a connection begins: each end proves to the other that it has the key.
//
// What:    who comes sends a Greeting, who listens a Challenge with its own proof, who comes its Proof; what follows is
//          the connection's. The magic says what the connection is for: another kind of client, or another version, is
//          turned away at once.
// Owner:   plain values, sent as they lie in memory.
// Threads: any.
#pragma once

#include <array>

#include "net/key_proof.hpp"

namespace mw::net {

using Magic = std::array<char, 8>;

struct Greeting {
  Magic magic{};
  Nonce nonce{};
};
struct Challenge {
  Nonce nonce{};
  Proof proof{};
};
static_assert(sizeof(Greeting) == 40 && sizeof(Challenge) == 64);

}  // namespace mw::net
