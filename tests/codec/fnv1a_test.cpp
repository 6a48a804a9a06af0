// A hash that is the same on every machine.
#include <catch2/catch.hpp>

#include <set>
#include <string>

#include "codec/fnv1a.hpp"

using mw::fnv1a;

TEST_CASE("the hash is FNV-1a of 64 bits, as its authors give it", "[codec]") {
  CHECK(fnv1a("") == 0xcbf29ce484222325);
  CHECK(fnv1a("a") == 0xaf63dc4c8601ec8c);
  CHECK(fnv1a("b") == 0xaf63df4c8601f1a5);
  CHECK(fnv1a("foobar") == 0x85944171f73967e8);
  static_assert(fnv1a("foobar") == 0x85944171f73967e8, "it is known at compile time");
}

TEST_CASE("bytes above 127 count as they are, whether char has a sign or not", "[codec]") {
  CHECK(fnv1a(std::string_view{"\xff", 1}) == ((0xcbf29ce484222325 ^ 0xff) * 0x100000001b3));
  std::set<std::uint64_t> all;
  for (int byte = 0; byte < 256; ++byte) all.insert(fnv1a(std::string(1, static_cast<char>(byte))));
  CHECK(all.size() == 256);
}

TEST_CASE("a hash that goes on is the hash of the whole, wherever it was cut, and zero bytes count", "[codec]") {
  const std::string text{"some text\0 with a zero in it", 28};
  for (std::size_t cut = 0; cut <= text.size(); ++cut) CHECK(fnv1a(text.substr(cut), fnv1a(text.substr(0, cut))) == fnv1a(text));
  CHECK(fnv1a(std::string_view{"\0", 1}) != fnv1a(""));
}
