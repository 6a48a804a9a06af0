// What a master and a node say to each other comes back as it was said, and nothing else passes.
#include <catch2/catch.hpp>

#include <cstring>
#include <string>

#include "support/text.hpp"
#include "wire/node_messages.hpp"
#include "wire/payload_of.hpp"

using namespace mw::wire;
using mw::Bytes;
using test::bytes_of;
using test::payload_of;

namespace {

NodeHello node_hello() {
  return {.slots = 4,
          .cores = 8,
          .memory = std::uint64_t{1} << 34,
          .name = "pi1",
          .host = "pi1.local",
          .platform = "aarch64-unknown-linux-gnu",
          .cores_each = 2,
          .memory_each = std::uint64_t{1} << 32,
          .gpus = {"0", "GPU-7"},
          .labels = {"big", "rack=3"}};
}

NodeWelcome node_welcome() {
  NodeWelcome welcome{.program = "monte_pi", .size = 2'500'000, .threads = 2, .lost_after_ms = 3'000};
  welcome.sha256.fill(std::byte{7});
  return welcome;
}

template <class Parse>
void check_cut(const Bytes& payload, const Parse& parse) {
  for (std::size_t size = 0; size < payload.size(); ++size) CHECK_THROWS_AS(parse(payload.span().first(size)), ProtocolError);
  Bytes longer{payload.span()};
  longer.append(payload.data(), 1);
  CHECK_THROWS_AS(parse(longer.span()), ProtocolError);
}

}  // namespace

TEST_CASE("a node's hello and its welcome come back", "[wire]") {
  const NodeHello got = parse_node_hello(payload_of(node_hello()).span());
  CHECK(got.version == protocol_version);
  CHECK(got.slots == 4);
  CHECK(got.cores == 8);
  CHECK(got.memory == std::uint64_t{1} << 34);
  CHECK(got.name == "pi1");
  CHECK(got.host == "pi1.local");
  CHECK(got.platform == "aarch64-unknown-linux-gnu");
  CHECK(got.cores_each == 2);
  CHECK(got.memory_each == std::uint64_t{1} << 32);
  CHECK(got.gpus == std::vector<std::string>{"0", "GPU-7"});
  CHECK(got.labels == std::vector<std::string>{"big", "rack=3"});
  const NodeWelcome back = parse_node_welcome(payload_of(node_welcome()).span());
  CHECK(back.program == "monte_pi");
  CHECK(back.sha256 == node_welcome().sha256);
  CHECK(back.size == 2'500'000);
  CHECK(back.threads == 2);
  CHECK(back.lost_after_ms == 3'000);
  CHECK(parse_build_wanted(payload_of(BuildWanted{77}).span()).offset == 77);
  const Bytes piece = payload_of(BuildPiece{bytes_of("ELF")});
  CHECK(test::text_of(parse_build_piece(piece.span()).bytes) == "ELF");
}

TEST_CASE("what a node and its masters say of slots that are lent comes back, and no flag is more than a flag", "[wire]") {
  const bool is_so = GENERATE(false, true);
  const SlotLent lent = parse_slot_lent(payload_of(SlotLent{7, is_so}).span());
  CHECK(lent.slot == 7);
  CHECK(lent.is_lent == is_so);
  CHECK(parse_node_shared(payload_of(NodeShared{is_so}).span()).is_shared == is_so);
  const SlotsWanted wanted = parse_slots_wanted(payload_of(SlotsWanted{3, 2}).span());
  CHECK(wanted.slots == 3);
  CHECK(wanted.first == 2);
  Bytes strange = payload_of(SlotLent{1, true});
  strange.data()[4] = std::byte{2};
  CHECK_THROWS_AS(parse_slot_lent(strange.span()), ProtocolError);
}

TEST_CASE("a node's message that is torn anywhere, or too long, is refused", "[wire]") {
  check_cut(payload_of(node_hello()), parse_node_hello);
  check_cut(payload_of(node_welcome()), parse_node_welcome);
  check_cut(payload_of(BuildWanted{1}), parse_build_wanted);
  check_cut(payload_of(SlotLent{1, true}), parse_slot_lent);
  check_cut(payload_of(NodeShared{true}), parse_node_shared);
  check_cut(payload_of(SlotsWanted{1, 1}), parse_slots_wanted);
}

TEST_CASE("a node with more labels than it may have, or too long ones, is refused", "[wire]") {
  NodeHello hello = node_hello();
  hello.labels.assign(most_node_labels, "x");
  CHECK(parse_node_hello(payload_of(hello).span()).labels.size() == most_node_labels);
  hello.labels.emplace_back("one more");
  CHECK_THROWS_AS(parse_node_hello(payload_of(hello).span()), ProtocolError);
  hello.labels.assign(1, std::string(longest_node_word + 1, 'x'));
  CHECK_THROWS_AS(parse_node_hello(payload_of(hello).span()), ProtocolError);
}

TEST_CASE("P35: of another version, only the version is read", "[wire][P35]") {
  NodeHello newer = node_hello();
  newer.version = protocol_version + 1;
  Bytes payload = payload_of(newer);
  CHECK(parse_node_hello(payload.span().first(6)).version == protocol_version + 1);
  std::memset(payload.data(), 0, 4);
  CHECK_THROWS_AS(parse_node_hello(payload.span()), ProtocolError);
}

TEST_CASE("a node without slots, or with more than there can be, is none", "[wire]") {
  NodeHello none = node_hello();
  none.slots = GENERATE(0u, most_node_slots + 1);
  CHECK_THROWS_AS(parse_node_hello(payload_of(none).span()), ProtocolError);
}
