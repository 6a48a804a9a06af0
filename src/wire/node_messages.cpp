#include "wire/node_messages.hpp"

#include <algorithm>

#include "wire/payload.hpp"

namespace mw::wire {
namespace {

constexpr std::uint32_t node_magic = 0x4e4d5043;  // "CPMN"

bool flag(Parser& parser, const char* what) {
  const auto value = parser.number<std::uint8_t>();
  if (value > 1) throw ProtocolError{fmt::format("{} is {}, which is neither yes nor no", what, value)};
  return value == 1;
}

std::size_t size_of_words(const std::vector<std::string>& words) {
  std::size_t size = 4;
  for (const std::string& word : words) size += size_of(word);
  return size;
}

void write_words(Writer& writer, const std::vector<std::string>& words) {
  writer.number(static_cast<std::uint32_t>(words.size()));
  for (const std::string& word : words) writer.text(word);
}

std::vector<std::string> parse_words(Parser& parser, std::uint32_t most) {
  const auto count = parser.number<std::uint32_t>();
  if (count > most) throw ProtocolError{fmt::format("a list of {} words; the limit is {}", count, most)};
  std::vector<std::string> words;  // grows with what has really come
  for (std::uint32_t i = 0; i < count; ++i) words.push_back(parser.text(longest_node_word));
  return words;
}

}  // namespace

void append(Bytes& out, const NodeHello& hello) {
  Writer writer{out, FrameType::node_hello,
                4 + 2 + 4 + 4 + 8 + 4 + 8 + size_of(hello.name) + size_of(hello.host) + size_of(hello.platform) +
                    size_of_words(hello.gpus) + size_of_words(hello.labels)};
  writer.number(node_magic)
      .number(hello.version)
      .number(hello.slots)
      .number(hello.cores)
      .number(hello.memory)
      .number(hello.cores_each)
      .number(hello.memory_each)
      .text(hello.name)
      .text(hello.host)
      .text(hello.platform);
  write_words(writer, hello.gpus);
  write_words(writer, hello.labels);
}

NodeHello parse_node_hello(std::span<const std::byte> payload) {
  Parser parser{"node's hello", payload};
  if (parser.number<std::uint32_t>() != node_magic) throw ProtocolError{"a hello without the magic number: this is no CppMW node"};
  NodeHello hello;
  hello.version = parser.number<std::uint16_t>();
  if (hello.version != protocol_version) return hello;
  hello.slots = parser.number<std::uint32_t>();
  hello.cores = parser.number<std::uint32_t>();
  hello.memory = parser.number<std::uint64_t>();
  hello.cores_each = parser.number<std::uint32_t>();
  hello.memory_each = parser.number<std::uint64_t>();
  hello.name = parser.text(longest_name);
  hello.host = parser.text(longest_name);
  hello.platform = parser.text(longest_name);
  hello.gpus = parse_words(parser, most_node_gpus);
  hello.labels = parse_words(parser, most_node_labels);
  parser.end();
  if (hello.slots == 0 || hello.slots > most_node_slots)
    throw ProtocolError{fmt::format("a node with {} slots, not 1 to {}", hello.slots, most_node_slots)};
  return hello;
}

void append(Bytes& out, const NodeWelcome& welcome) {
  Writer{out, FrameType::node_welcome, 2 + size_of(welcome.program) + welcome.sha256.size() + 8 + 4 + 4}
      .number(welcome.version)
      .text(welcome.program)
      .bytes(welcome.sha256)
      .number(welcome.size)
      .number(welcome.threads)
      .number(welcome.lost_after_ms);
}

NodeWelcome parse_node_welcome(std::span<const std::byte> payload) {
  Parser parser{"welcome to a node", payload};
  NodeWelcome welcome;
  welcome.version = parser.number<std::uint16_t>();
  if (welcome.version != protocol_version) return welcome;
  welcome.program = parser.text(longest_name);
  const auto digest = parser.take(welcome.sha256.size());
  std::copy(digest.begin(), digest.end(), welcome.sha256.begin());
  welcome.size = parser.number<std::uint64_t>();
  welcome.threads = parser.number<std::uint32_t>();
  welcome.lost_after_ms = parser.number<std::uint32_t>();
  parser.end();
  return welcome;
}

void append(Bytes& out, const BuildWanted& wanted) { Writer{out, FrameType::build_wanted, 8}.number(wanted.offset); }

BuildWanted parse_build_wanted(std::span<const std::byte> payload) {
  Parser parser{"wish for a build", payload};
  const BuildWanted wanted{parser.number<std::uint64_t>()};
  parser.end();
  return wanted;
}

void append(Bytes& out, const BuildPiece& piece) { Writer{out, FrameType::build_piece, piece.bytes.size()}.bytes(piece.bytes); }

BuildPiece parse_build_piece(std::span<const std::byte> payload) { return {payload}; }

void append(Bytes& out, const SlotLent& slot) {
  Writer{out, FrameType::slot_lent, 4 + 1}.number(slot.slot).number(static_cast<std::uint8_t>(slot.is_lent));
}

SlotLent parse_slot_lent(std::span<const std::byte> payload) {
  Parser parser{"slot that is lent", payload};
  SlotLent slot;
  slot.slot = parser.number<std::uint32_t>();
  slot.is_lent = flag(parser, "whether a slot is lent");
  parser.end();
  return slot;
}

void append(Bytes& out, const NodeShared& shared) {
  Writer{out, FrameType::node_shared, 1}.number(static_cast<std::uint8_t>(shared.is_shared));
}

NodeShared parse_node_shared(std::span<const std::byte> payload) {
  Parser parser{"word of other masters", payload};
  const NodeShared shared{flag(parser, "whether a node is shared")};
  parser.end();
  return shared;
}

void append(Bytes& out, const SlotsWanted& wanted) {
  Writer{out, FrameType::slots_wanted, 4 + 4}.number(wanted.slots).number(wanted.first);
}

SlotsWanted parse_slots_wanted(std::span<const std::byte> payload) {
  Parser parser{"wish for slots", payload};
  SlotsWanted wanted;
  wanted.slots = parser.number<std::uint32_t>();
  wanted.first = parser.number<std::uint32_t>();
  parser.end();
  return wanted;
}

}  // namespace mw::wire
