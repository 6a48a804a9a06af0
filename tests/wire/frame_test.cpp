// Frames, however the stream is cut.
#include <catch2/catch.hpp>

#include <cstring>
#include <string>
#include <vector>

#include "wire/frame.hpp"
#include "wire/messages.hpp"

using mw::Bytes;
using namespace mw::wire;

namespace {

struct Copy {
  FrameType type;
  std::vector<std::byte> payload;
  bool operator==(const Copy&) const = default;
};

void feed(FrameReader& reader, std::span<const std::byte> bytes, std::vector<Copy>& frames) {
  while (!bytes.empty()) {
    const auto room = reader.prepare();
    REQUIRE_FALSE(room.empty());
    const auto size = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), size);
    reader.commit(size);
    bytes = bytes.subspan(size);
    while (const auto frame = reader.next()) frames.push_back({frame->type, {frame->payload.begin(), frame->payload.end()}});
  }
}

void append_frame(Bytes& out, FrameType type, std::size_t size) {
  append_header(out, type, size);
  for (std::size_t i = 0; i < size; ++i) *out.extend(1) = static_cast<std::byte>(i * 31 + size);
}

Bytes stream(std::initializer_list<std::size_t> sizes) {
  Bytes out;
  for (const std::size_t size : sizes) append_frame(out, FrameType::result, size);
  return out;
}

std::vector<Copy> frames_of(const Bytes& bytes) {
  FrameReader reader;
  std::vector<Copy> frames;
  feed(reader, bytes.span(), frames);
  return frames;
}

}  // namespace

TEST_CASE("a stream gives the same frames wherever it is cut", "[wire]") {
  const Bytes bytes = stream({0, 1, 7, 8, 9, 100});
  const auto whole = frames_of(bytes);
  REQUIRE(whole.size() == 6);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    FrameReader reader;
    std::vector<Copy> frames;
    feed(reader, bytes.span().first(cut), frames);
    feed(reader, bytes.span().subspan(cut), frames);
    REQUIRE(frames == whole);
    REQUIRE_FALSE(reader.mid_frame());
  }
  FrameReader reader;
  std::vector<Copy> frames;
  for (std::size_t i = 0; i < bytes.size(); ++i) feed(reader, bytes.span().subspan(i, 1), frames);
  CHECK(frames == whole);
}

TEST_CASE("P13: frames of just the buffer's size, one less and one more", "[wire][P13]") {
  for (const std::size_t base : {std::size_t{64 * 1024}, std::size_t{128 * 1024}, std::size_t{1024 * 1024}})
    for (const std::size_t size : {base - header_size - 1, base - header_size, base - header_size + 1, base - 1, base, base + 1}) {
      const auto frames = frames_of(stream({size, 3, size}));
      REQUIRE(frames.size() == 3);
      REQUIRE(frames[0].payload.size() == size);
      REQUIRE(frames[2] == frames[0]);
    }
}

TEST_CASE("a length that lies takes no memory", "[wire][S7]") {
  FrameReader reader;
  Bytes bytes;
  append_header(bytes, FrameType::task, std::uint64_t{60} << 30);
  std::vector<Copy> frames;
  feed(reader, bytes.span(), frames);
  CHECK(frames.empty());
  CHECK(reader.mid_frame());
  CHECK(reader.prepare().size() <= 64 * 1024);
  std::size_t came = header_size;
  while (came < 4'000'000) {  // room never is more than what has come already, and 64 KiB
    const auto room = reader.prepare();
    CHECK(room.size() <= std::max<std::size_t>(came + 1, 64 * 1024));
    reader.commit(room.size());
    came += room.size();
    CHECK_FALSE(reader.next());
  }
}

TEST_CASE("a frame over the limit is refused before its payload comes", "[wire][S7]") {
  FrameReader reader{Limits{.max_frame = 1000}};
  Bytes bytes;
  append_header(bytes, FrameType::task, 1001);
  std::vector<Copy> frames;
  CHECK_THROWS_AS(feed(reader, bytes.span(), frames), ProtocolError);
}

TEST_CASE("P32: lengths have 56 bits", "[wire][P32]") {
  FrameReader reader{Limits{.max_frame = std::uint64_t{6} << 30}};
  Bytes bytes;
  append_header(bytes, FrameType::task, std::uint64_t{5} << 30);
  std::vector<Copy> frames;
  feed(reader, bytes.span(), frames);
  CHECK(reader.mid_frame());
  CHECK_THROWS_AS(append_header(bytes, FrameType::task, std::uint64_t{1} << 56), ProtocolError);
}

TEST_CASE("a type that no frame has is refused", "[wire]") {
  for (unsigned type = 0; type < 256; ++type) {
    FrameReader reader;
    std::vector<Copy> frames;
    Bytes bytes;
    append_header(bytes, static_cast<FrameType>(type), 0);
    INFO(type);
    if (type >= 1 && type <= static_cast<unsigned>(last_frame_type))
      CHECK_NOTHROW(feed(reader, bytes.span(), frames));
    else
      CHECK_THROWS_AS(feed(reader, bytes.span(), frames), ProtocolError);
  }
}

TEST_CASE("the header is little-endian: length below, type on top", "[wire]") {
  Bytes bytes;
  append_header(bytes, FrameType::task, 0x0102'0304);
  const unsigned char expected[] = {0x04, 0x03, 0x02, 0x01, 0, 0, 0, 4};
  REQUIRE(bytes.size() == sizeof expected);
  CHECK(std::memcmp(bytes.data(), expected, sizeof expected) == 0);
}
