// S2: both sides prove themselves, with roles and fresh nonces; an echo and a swap of roles prove nothing.
#include <catch2/catch.hpp>

#include "net/key_proof.hpp"

using namespace mw::net;

TEST_CASE("S2: a proof is good for one key, one role and one pair of nonces", "[net][S2]") {
  const Key key = make_key(), other_key = make_key();
  const Nonce mine = make_nonce(), theirs = make_nonce(), old = make_nonce();
  CHECK(key != other_key);
  CHECK(mine != theirs);
  const Proof proof = prove(key, Role::acceptor, mine, theirs);
  CHECK(is_proof(proof, key, Role::acceptor, mine, theirs));
  CHECK_FALSE(is_proof(proof, other_key, Role::acceptor, mine, theirs));
  CHECK_FALSE(is_proof(proof, key, Role::dialler, mine, theirs));  // the other's role
  CHECK_FALSE(is_proof(proof, key, Role::dialler, theirs, mine));  // an echo
  CHECK_FALSE(is_proof(proof, key, Role::acceptor, theirs, mine));
  CHECK_FALSE(is_proof(proof, key, Role::acceptor, mine, old));  // of an earlier connection
  Proof torn = proof;
  torn[31] ^= std::byte{1};
  CHECK_FALSE(is_proof(torn, key, Role::acceptor, mine, theirs));
}

TEST_CASE("a key survives as text, and no other text is one", "[net]") {
  const Key key = make_key();
  CHECK(key_of(to_text(key)) == key);
  CHECK_FALSE(key_of(""));
  CHECK_FALSE(key_of(to_text(key).substr(1)));
  CHECK_FALSE(key_of(std::string(64, 'g')));
  CHECK_FALSE(key_of(to_text(key) + "0"));
}
