// HMAC-SHA256 as RFC 4231 has it; comparisons and random bytes.
#include <catch2/catch.hpp>

#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "crypto/secrets.hpp"
#include "support/text.hpp"

using namespace mw::crypto;

using test::bytes_of;

namespace {

std::string hex_of(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned>(byte));
  return text;
}

}  // namespace

TEST_CASE("HMAC-SHA256 gives the values of RFC 4231", "[crypto]") {
  CHECK(hex_of(hmac_sha256(bytes_of(std::string(20, '\x0b')), bytes_of("Hi There"))) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hex_of(hmac_sha256(bytes_of("Jefe"), bytes_of("what do ya want for nothing?"))) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(
      hex_of(hmac_sha256(bytes_of(std::string(131, '\xaa')), bytes_of("Test Using Larger Than Block-Size Key - Hash Key First"))) ==
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("two texts are the same only if all of their bytes are", "[crypto]") {
  const std::string text = "a secret of some length";
  CHECK(is_same(bytes_of(text), bytes_of(std::string{text})));
  CHECK(is_same({}, {}));
  CHECK_FALSE(is_same(bytes_of(text), bytes_of(text + "!")));
  for (std::size_t i = 0; i < text.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string other = text;
      other[i] = static_cast<char>(other[i] ^ (1 << bit));
      CHECK_FALSE(is_same(bytes_of(text), bytes_of(other)));
    }
}

TEST_CASE("random bytes fill all of what they are for, and are other ones each time", "[crypto]") {
  std::set<std::array<std::byte, 16>> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random_bytes<16>());
  CHECK(seen.size() == 1000);
  std::vector<std::byte> many(1000);
  std::set<std::byte> tail;
  for (int i = 0; i < 20; ++i) {
    fill_with_random_bytes(many);
    tail.insert(many.back());
  }
  CHECK(tail.size() > 1);
}
