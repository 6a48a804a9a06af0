// Values of random content to bytes and back, and bytes of random content to values, or to a refusal.
#include <catch2/catch.hpp>

#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include <mw/codec.hpp>

#include "support/text.hpp"

using test::text_of;

namespace round_trip_test {

using Random = std::mt19937_64;

enum class Kind : std::uint16_t { none, some = 7, last = 0xffff };

struct Leaf {
  std::int8_t small;
  std::uint64_t large;
  double real;
  bool flag;
  Kind kind;
  /// By its bits: no-numbers are equal to themselves here.
  auto bits() const { return std::tuple{small, large, std::bit_cast<std::uint64_t>(real), flag, kind}; }
  bool operator==(const Leaf& other) const { return bits() == other.bits(); }
};
struct Tree {
  std::string name;
  std::vector<Leaf> leaves;
  std::optional<std::string> note;
  std::variant<std::int32_t, std::string, Leaf> either;
  std::array<std::uint16_t, 3> numbers;
  std::vector<bool> flags;
  std::tuple<char, std::vector<std::string>> rest;
  bool operator==(const Tree&) const = default;
};

/// Near 0, near the end, and in between.
template <class Number>
Number any_number(Random& random) {
  const auto number = static_cast<Number>(random() >> random() % 64);
  return random() % 2 == 0 ? number : static_cast<Number>(~number);
}
std::string any_text(Random& random) {
  std::string text(random() % (random() % 60 + 1), '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}
Leaf any_leaf(Random& random) {
  return {any_number<std::int8_t>(random), any_number<std::uint64_t>(random), std::bit_cast<double>(random()), random() % 2 == 0,
          static_cast<Kind>(random())};
}
Tree any_tree(Random& random) {
  Tree tree{};
  tree.name = any_text(random);
  for (auto i = random() % 6; i > 0; --i) tree.leaves.push_back(any_leaf(random));
  if (random() % 2 == 0) tree.note = any_text(random);
  switch (random() % 3) {
    case 0: tree.either = any_number<std::int32_t>(random); break;
    case 1: tree.either = any_text(random); break;
    default: tree.either = any_leaf(random);
  }
  for (auto& number : tree.numbers) number = any_number<std::uint16_t>(random);
  for (auto i = random() % 9; i > 0; --i) tree.flags.push_back(random() % 2 == 0);
  std::get<0>(tree.rest) = static_cast<char>(random());
  for (auto i = random() % 4; i > 0; --i) std::get<1>(tree.rest).push_back(any_text(random));
  return tree;
}

/// Bytes that decode are those of their value, and no others: who compares bytes compares values.
template <class T>
void check_any_bytes(const std::vector<std::byte>& bytes, int& refused) {
  std::optional<T> value;
  try {
    value = mw::decode<T>(bytes);
  } catch (const mw::CodecError&) {
    ++refused;
    return;
  }
  REQUIRE(text_of(mw::encode(*value)) == std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace round_trip_test

using namespace round_trip_test;

TEST_CASE("values of any content come back as they were", "[codec]") {
  Random random{1};
  for (int i = 0; i < 300; ++i) {
    const Tree tree = any_tree(random);
    REQUIRE(mw::decode<Tree>(mw::encode(tree).span()) == tree);
    std::vector<Tree> forest;
    for (auto n = random() % 3; n > 0; --n) forest.push_back(any_tree(random));
    REQUIRE(mw::decode<std::vector<Tree>>(mw::encode(forest).span()) == forest);
    std::map<std::string, std::set<std::int16_t>> map;
    for (auto n = random() % 5; n > 0; --n) map[any_text(random)].insert(any_number<std::int16_t>(random));
    REQUIRE((mw::decode<std::map<std::string, std::set<std::int16_t>>>(mw::encode(map).span()) == map));
  }
}

TEST_CASE("a value that is torn anywhere is refused, whatever it holds", "[codec][S6]") {
  Random random{2};
  for (int i = 0; i < 8; ++i) {
    const mw::Bytes bytes = mw::encode(any_tree(random));
    int refused = 0;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      // In memory of just that size, so that a sanitizer sees a byte too many.
      const std::vector<std::byte> torn(bytes.span().begin(), bytes.span().begin() + static_cast<std::ptrdiff_t>(size));
      try {
        static_cast<void>(mw::decode<Tree>(torn));
      } catch (const mw::CodecError&) {
        ++refused;
      }
    }
    REQUIRE(refused == static_cast<int>(bytes.size()));
  }
}

TEST_CASE("changed bytes are refused, or are exactly the bytes of another value", "[codec][S6]") {
  Random random{3};
  int refused = 0;
  constexpr int rounds = 1'000;
  for (int i = 0; i < rounds; ++i) {
    const mw::Bytes bytes = mw::encode(any_tree(random));
    std::vector<std::byte> changed(bytes.span().begin(), bytes.span().end());
    for (auto n = random() % 3 + 1; n > 0; --n) changed[random() % changed.size()] = static_cast<std::byte>(random());
    check_any_bytes<Tree>(changed, refused);
  }
  CHECK(refused > rounds / 10);
  CHECK(refused < rounds);
}

TEST_CASE("bytes of any content are refused, or are exactly those of a value", "[codec][S6]") {
  Random random{4};
  int refused = 0;
  for (int i = 0; i < 1'000; ++i) {
    std::vector<std::byte> bytes(random() % 40);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() % 4 == 0 ? random() : random() % 3);
    check_any_bytes<std::vector<std::string>>(bytes, refused);
    check_any_bytes<std::optional<std::vector<std::uint16_t>>>(bytes, refused);
    check_any_bytes<std::variant<bool, std::uint32_t, std::string>>(bytes, refused);
    check_any_bytes<std::pair<bool, std::vector<bool>>>(bytes, refused);
    check_any_bytes<Leaf>(bytes, refused);
  }
  CHECK(refused < 5'000);
}

TEST_CASE("a number that does not fit into the machine's own is refused, not cut", "[codec]") {
  CHECK(mw::decode<std::size_t>(mw::encode(std::uint64_t{17}).span()) == 17);
  CHECK_THROWS_WITH(mw::decode<std::uint32_t>(mw::encode(std::uint64_t{17}).span()), Catch::Contains("4 bytes are left over"));
  CHECK_THROWS_WITH(mw::decode<std::uint64_t>(mw::encode(std::uint32_t{17}).span()), Catch::Contains("8 are needed, 4 are left"));
  CHECK_THROWS_WITH(mw::decode<bool>(mw::encode(std::uint8_t{7}).span()), Catch::Contains("a bool is 0 or 1, not 7"));
}
