// What waits to be written, however little a stream takes at a time.
#include <catch2/catch.hpp>

#include <cerrno>
#include <memory>
#include <numeric>
#include <vector>

#include "wire/outgoing.hpp"

using mw::Bytes;
using namespace mw::wire;

namespace {

std::vector<std::byte> some_bytes(std::size_t size, std::size_t seed) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 37 + seed);
  return bytes;
}

/// Takes `most` bytes a call, and has no room in every third.
struct Stream {
  Transfer operator()(std::span<const iovec> pieces, int descriptor) {
    if (++calls % 3 == 0) return {0, EAGAIN};
    if (descriptor >= 0) descriptors.push_back({descriptor, got.size()});
    std::size_t size = 0;
    for (const iovec& piece : pieces) {
      const std::size_t part = std::min(piece.iov_len, most - size);
      const auto* begin = static_cast<const std::byte*>(piece.iov_base);
      got.insert(got.end(), begin, begin + part);
      size += part;
    }
    return {size, 0};
  }
  std::size_t most;
  std::size_t calls = 0;
  std::vector<std::byte> got{};
  std::vector<std::pair<int, std::size_t>> descriptors{};
};

}  // namespace

TEST_CASE("what is outgoing arrives whole and in order, and payloads are held until they are written", "[wire]") {
  for (const std::size_t most : {std::size_t{1}, std::size_t{7}, std::size_t{1'000}, std::size_t{1'000'000}}) {
    Outgoing outgoing;
    std::vector<std::byte> expected;
    const auto expect = [&](const std::vector<std::byte>& bytes) { expected.insert(expected.end(), bytes.begin(), bytes.end()); };
    const auto owner = std::make_shared<const std::vector<std::byte>>(some_bytes(3'000, 5));
    for (std::size_t i = 0; i < 200; ++i) {
      const auto message = some_bytes(i % 50 + 1, i);
      outgoing.tail().append(message.data(), message.size());
      expect(message);
      if (i % 20 == 7) {
        outgoing.attach({*owner, owner, owner.get()});
        expect(*owner);
      }
    }
    CHECK(outgoing.size() == expected.size());
    CHECK(outgoing.holds(owner.get()));
    Stream stream{most};
    int error = EAGAIN;
    while (error == EAGAIN) error = outgoing.write_to(std::ref(stream));
    CHECK(error == 0);
    CHECK(stream.got == expected);
    CHECK(outgoing.empty());
    CHECK(owner.use_count() == 1);
  }
}

TEST_CASE("a descriptor goes once, with the first byte of its message", "[wire]") {
  Outgoing outgoing;
  const auto first = some_bytes(10, 1), second = some_bytes(20, 2), third = some_bytes(30, 3);
  outgoing.tail().append(first.data(), first.size());
  outgoing.new_tail().append(second.data(), second.size());
  outgoing.attach_descriptor(42, std::make_shared<int>(0));
  outgoing.tail().append(third.data(), third.size());
  Stream stream{3};
  int error = EAGAIN;
  while (error == EAGAIN) error = outgoing.write_to(std::ref(stream));
  CHECK(error == 0);
  CHECK(stream.got.size() == 60);
  REQUIRE(stream.descriptors.size() == 1);
  CHECK(stream.descriptors[0] == std::pair{42, first.size()});
}

TEST_CASE("an error of the stream is handed on, and what was not written is still there", "[wire]") {
  Outgoing outgoing;
  const auto bytes = some_bytes(100, 1);
  outgoing.tail().append(bytes.data(), bytes.size());
  CHECK(outgoing.write_to([](std::span<const iovec>, int) { return Transfer{0, EPIPE}; }) == EPIPE);
  CHECK(outgoing.size() == 100);
}
