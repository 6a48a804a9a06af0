// Types that hold themselves, and more of the standard library.
#include <catch2/catch.hpp>

#include <bitset>
#include <deque>
#include <filesystem>
#include <forward_list>
#include <list>
#include <memory>

#include <mw/codec.hpp>

namespace nested_test {

struct Nested {
  int value = 0;
  std::vector<Nested> children;
  bool operator==(const Nested&) const = default;
};
struct Node {
  int value = 0;
  std::unique_ptr<Node> next;
};
class Own {
 public:
  template <class Archive>
  void serialize(Archive& archive) {
    archive(parts);
  }
  std::list<Own> parts;
};
struct All {
  std::deque<std::string> queue;
  std::list<int> list;
  std::forward_list<double> forward;
  std::bitset<11> bits;
  std::filesystem::path path;
  bool operator==(const All&) const = default;
};

/// One value in the other, without a recursion of our own.
template <class T, class Inner>
T deep(int levels, const Inner& inner) {
  T top;
  T* at = &top;
  for (int i = 0; i < levels; ++i) at = inner(*at);
  return top;
}
Nested* child_of(Nested& tree) { return &tree.children.emplace_back(); }
Node* next_of(Node& node) { return (node.next = std::make_unique<Node>()).get(); }
Own* part_of(Own& own) { return &own.parts.emplace_back(); }

}  // namespace nested_test

using namespace nested_test;

TEST_CASE("a type that holds itself travels", "[codec]") {
  const Nested tree{1, {{2, {{3, {}}}}, {4, {}}}};
  CHECK(mw::decode<Nested>(mw::encode(tree).span()) == tree);
  Node list{1, std::make_unique<Node>(2, nullptr)};
  const Node again = mw::decode<Node>(mw::encode(list).span());
  CHECK(again.value == 1);
  REQUIRE(again.next);
  CHECK(again.next->value == 2);
  CHECK_FALSE(again.next->next);
  const Nested deep_one = deep<Nested>(900, child_of);
  CHECK(mw::decode<Nested>(mw::encode(deep_one).span()) == deep_one);
}

TEST_CASE("a value that is nested too deeply is a CodecError where it is encoded", "[codec]") {
  CHECK_THROWS_AS(mw::encode(deep<Nested>(1100, child_of)), mw::CodecError);
  CHECK_THROWS_AS(mw::encode(deep<Node>(1100, next_of)), mw::CodecError);
  CHECK_THROWS_AS(mw::encode(deep<Own>(1100, part_of)), mw::CodecError);
  CHECK_NOTHROW(mw::encode(std::vector<Nested>(5000)));  // many beside each other are no depth
}

TEST_CASE("bytes that say that they are nested a million times are a CodecError, and not the end of the stack", "[codec]") {
  mw::Bytes tree, list, own;
  const auto put = [](mw::Bytes& bytes, std::uint64_t number, std::size_t size) { bytes.append(&number, size); };
  for (int i = 0; i < 1'000'000; ++i) {
    put(tree, 0, 4);
    put(tree, 1, 8);
    put(list, 0, 4);
    put(list, 1, 1);
    put(own, 1, 8);
  }
  CHECK_THROWS_AS(mw::decode<Nested>(tree.span()), mw::CodecError);
  CHECK_THROWS_AS(mw::decode<Node>(list.span()), mw::CodecError);
  CHECK_THROWS_AS(mw::decode<Own>(own.span()), mw::CodecError);
}

TEST_CASE("deques, lists, bits and paths travel", "[codec]") {
  const All all{{"a", ""}, {3, 1, 2}, {0.5, -1}, std::bitset<11>{0b10000000101}, "/tmp/ä b"};
  const mw::Bytes bytes = mw::encode(all);
  CHECK(mw::decode<All>(bytes.span()) == all);
  for (std::size_t size = 0; size < bytes.span().size(); ++size)
    CHECK_THROWS_AS(mw::decode<All>(bytes.span().first(size)), mw::CodecError);
  CHECK(mw::encode(std::bitset<11>{}).span().size() == 2);
  const std::uint16_t beyond = 1u << 11;
  CHECK_THROWS_AS(mw::decode<std::bitset<11>>(std::as_bytes(std::span{&beyond, 1})), mw::CodecError);
  const std::uint64_t false_size = 1u << 30;
  CHECK_THROWS_AS(mw::decode<std::deque<int>>(std::as_bytes(std::span{&false_size, 1})), mw::CodecError);
  CHECK_THROWS_AS(mw::decode<std::forward_list<int>>(std::as_bytes(std::span{&false_size, 1})), mw::CodecError);
}
