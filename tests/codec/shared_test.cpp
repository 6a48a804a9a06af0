// Handles to shared values in encoded arguments: they refer to what came with the bytes, and to nothing else.
#include <catch2/catch.hpp>

#include <random>

#include <mw/share.hpp>

#include "memory/shared_file.hpp"

using namespace mw;
using Catch::Contains;

namespace {

template <class T>
Shared<T> shared(const T& value) {
  return Shared<T>{memory::SharedFile::make(encode(value).span())};
}

Shared<std::span<const std::int32_t>> shared_bytes(std::size_t size) {
  return Shared<std::span<const std::int32_t>>{memory::SharedFile::make(std::vector<std::byte>(size))};
}

}  // namespace

TEST_CASE("a value has one place in the list, however often its handle comes", "[codec][share]") {
  const auto a = shared(std::string{"a"});
  const auto b = shared(std::string{"b"});
  const auto arguments = detail::encode_arguments(a, 7, std::vector{b, a, b});
  CHECK(arguments.shared == detail::SharedList{a.value(), b.value()});
  const detail::SharedScope scope{arguments.shared};
  const auto [x, seven, list] =
      decode_tuple<std::tuple<Shared<std::string>, int, std::vector<Shared<std::string>>>>(arguments.bytes.span());
  CHECK(x == a);
  CHECK(seven == 7);
  CHECK(list == std::vector{b, a, b});
  CHECK(*list[0] == "b");
}

TEST_CASE("a handle to a value that did not come with the bytes is a CodecError", "[codec][share]") {
  const auto a = shared(5);
  const auto arguments = detail::encode_arguments(a);
  CHECK_THROWS_WITH(decode<Shared<int>>(arguments.bytes.span()), Contains("shared value 1 of the 0"));
  const detail::SharedScope scope{arguments.shared};
  CHECK(*decode<Shared<int>>(arguments.bytes.span()) == 5);
  for (const std::uint32_t place : {2u, 3u, 0x7fffffffu, 0xffffffffu})
    CHECK_THROWS_AS(decode<Shared<int>>(encode(place).span()), CodecError);
  CHECK_FALSE(decode<Shared<int>>(encode(std::uint32_t{0}).span()));
  {
    const detail::SharedList none;
    const detail::SharedScope inner{none};
    CHECK_THROWS_AS(decode<Shared<int>>(arguments.bytes.span()), CodecError);
  }
  CHECK(*decode<Shared<int>>(arguments.bytes.span()) == 5);
}

TEST_CASE("a value is not read as another type than it was read as before", "[codec][share]") {
  const auto a = shared(5);
  CHECK(a.get() == 5);
  CHECK_THROWS_AS(Shared<float>{a.value()}.get(), CodecError);
  CHECK_THROWS_AS(Shared<std::string>{shared(5).value()}.get(), CodecError);
  CHECK(a.get() == 5);
}

TEST_CASE("a span has as many numbers as there are bytes for, and none over", "[codec][share]") {
  CHECK(shared_bytes(0)->empty());
  CHECK(shared_bytes(8'192)->size() == 2'048);
  CHECK_THROWS_AS(shared_bytes(7).get(), CodecError);
}

TEST_CASE("a handle cannot be encoded where no list goes along", "[codec][share]") {
  CHECK_THROWS_AS(encode(shared(5)), CodecError);
  CHECK_THROWS_AS(encode(std::vector{shared(5)}), CodecError);
  CHECK(decode<std::uint32_t>(encode(Shared<int>{}).span()) == 0);
}
