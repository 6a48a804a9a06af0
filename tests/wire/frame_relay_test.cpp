// The relay of an agent: what it passes on and what it holds back, however the stream is cut.
#include <catch2/catch.hpp>

#include <random>
#include <string>
#include <vector>

#include "support/text.hpp"
#include "wire/frame_relay.hpp"
#include "wire/messages.hpp"

namespace wire = mw::wire;
using mw::Bytes;

using test::text_of;

namespace {

struct Target : wire::FrameRelay::Target {
  std::vector<std::uint64_t> plain;
  Bytes passed;
  std::vector<wire::FrameType> whole_types;
  Bytes whole_bytes;
  std::uint64_t refuse_from = ~std::uint64_t{0};

  bool plain_task(std::uint64_t id, std::uint32_t attempt) override {
    CHECK(attempt == id % 5);
    plain.push_back(id);
    return id < refuse_from;
  }
  void pass(std::span<const std::byte> bytes) override { passed.append(bytes.data(), bytes.size()); }
  void whole(const wire::Frame& frame) override {
    whole_types.push_back(frame.type);
    whole_bytes.append(frame.payload.data(), frame.payload.size());
  }
};

}  // namespace

TEST_CASE("plain tasks pass as they are, everything else comes whole, for any cut", "[agent]") {
  std::mt19937 random{GENERATE(1u, 2u, 3u, 4u, 5u, 6u)};
  Bytes stream, plain_bytes, whole_payloads;
  std::vector<std::uint64_t> plain;
  std::vector<wire::FrameType> whole_types;
  for (std::uint64_t id = 1; id < 400; ++id) {
    const std::string arguments(random() % 4 == 0 ? random() % 3000 : random() % 20, 'x');
    wire::Task task{.id = id, .function = 7, .attempt = static_cast<std::uint32_t>(id % 5)};
    task.arguments = std::as_bytes(std::span{arguments});
    Bytes frame;
    switch (random() % 5) {
      case 0:
        task.terms.hard_limit_ns = 5;
        wire::append(frame, task);
        break;
      case 1: wire::append(frame, wire::Heartbeat{}); break;
      case 2: wire::append(frame, wire::FilePiece{1, false, true, false, task.arguments}); break;
      default: {
        wire::append(frame, task);
        plain.push_back(id);
        plain_bytes.append(frame.data(), frame.size());
        stream.append(frame.data(), frame.size());
        continue;
      }
    }
    wire::FrameReader reader;
    std::memcpy(reader.prepare().data(), frame.data(), frame.size());
    reader.commit(frame.size());
    const auto read = reader.next();
    whole_types.push_back(read->type);
    whole_payloads.append(read->payload.data(), read->payload.size());
    stream.append(frame.data(), frame.size());
  }
  wire::FrameRelay relay;
  Target target;
  for (auto rest = stream.span(); !rest.empty();) {
    const std::size_t size = std::min<std::size_t>(rest.size(), 1 + random() % (random() % 3 ? 40 : 5000));
    relay.receive(rest.first(size), target);
    rest = rest.subspan(size);
  }
  CHECK(target.plain == plain);
  CHECK(target.whole_types == whole_types);
  CHECK(text_of(target.passed.span()) == text_of(plain_bytes.span()));
  CHECK(text_of(target.whole_bytes.span()) == text_of(whole_payloads.span()));
}

TEST_CASE("a plain task that is refused is dropped, and so is the rest of one whose worker died", "[agent]") {
  Bytes stream, first;
  const std::string arguments(100, 'x');
  for (std::uint64_t id = 1; id <= 3; ++id) {
    wire::Task task{.id = id, .function = 7, .attempt = static_cast<std::uint32_t>(id)};
    task.arguments = std::as_bytes(std::span{arguments});
    wire::append(stream, task);
    if (id == 1) wire::append(first, task);
  }
  wire::FrameRelay relay;
  Target target;
  target.refuse_from = 2;
  for (std::size_t i = 0; i < stream.size(); ++i) relay.receive(stream.span().subspan(i, 1), target);
  CHECK(target.plain.size() == 3);
  CHECK(text_of(target.passed.span()) == text_of(first.span()));

  Target other;
  relay.receive(stream.span().first(60), other);
  relay.drop_rest();
  relay.receive(stream.span().subspan(60), other);
  CHECK(other.plain.size() == 3);
  CHECK(other.passed.size() == 60 + 2 * first.size());
}

TEST_CASE("a stream that no master sends is refused", "[agent]") {
  wire::FrameRelay relay;
  Target target;
  Bytes bytes;
  wire::append_header(bytes, wire::FrameType::task, std::uint64_t{1} << 50);
  bytes.extend(64);
  CHECK_THROWS_AS(relay.receive(bytes.span(), target), wire::ProtocolError);
  wire::FrameRelay another;
  Bytes unknown;
  wire::append_header(unknown, static_cast<wire::FrameType>(200), 1);
  unknown.extend(1);
  CHECK_THROWS_AS(another.receive(unknown.span(), target), wire::ProtocolError);
}
