// Values to bytes and back, and bytes that lie.
#include <catch2/catch.hpp>

#include <complex>
#include <cstring>
#include <limits>
#include <map>
#include <set>
#include <unordered_map>

#include <mw/codec.hpp>

#include "support/temporary.hpp"

namespace codec_test {

enum class Colour : std::uint8_t { red = 1, blue = 200 };
struct Empty {
  bool operator==(const Empty&) const = default;
};
struct Point {
  double x, y;
  bool operator==(const Point&) const = default;
};
struct Shape {
  std::string name;
  Colour colour;
  std::vector<Point> points;
  std::array<std::int16_t, 3> tag;
  Empty empty;
  std::optional<Point> centre;
  bool operator==(const Shape&) const = default;
};
/// With cereal's own words.
class Counter {
 public:
  Counter() = default;
  explicit Counter(int count) : count_{count} {}
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(count_));
  }
  bool operator==(const Counter&) const = default;

 private:
  int count_ = 0;
};
struct Big {
  std::array<double, 1000> values;
};

Shape shape() { return {"star", Colour::blue, {{1, 2}, {3, 4}}, {-1, 0, 1}, {}, Point{0.5, -0.5}}; }

}  // namespace codec_test

using namespace codec_test;

namespace {

template <class T>
T round_trip(const T& value) {
  return mw::decode<T>(mw::encode(value).span());
}

template <class T>
void check_round_trip(const T& value) {
  CHECK(round_trip(value) == value);
}

std::string hex(const mw::Bytes& bytes) {
  std::string text;
  for (const std::byte b : bytes.span()) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", std::to_integer<unsigned>(b));
    text += digits;
  }
  return text;
}

/// Every shorter message, and one with a byte more, is a CodecError and nothing else.
template <class T>
void check_torn(const T& value) {
  const mw::Bytes bytes = mw::encode(value);
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK_THROWS_AS(mw::decode<T>(bytes.span().first(size)), mw::CodecError);
  mw::Bytes longer = bytes.clone();
  longer.append("x", 1);
  CHECK_THROWS_AS(mw::decode<T>(longer.span()), mw::CodecError);
}

}  // namespace

TEST_CASE("numbers come back as they were", "[codec]") {
  check_round_trip(true);
  check_round_trip('x');
  check_round_trip(std::int8_t{-128});
  check_round_trip(std::numeric_limits<std::uint64_t>::max());
  check_round_trip(std::numeric_limits<long>::min());
  check_round_trip(std::numeric_limits<unsigned long long>::max());
  check_round_trip(-0.0f);
  check_round_trip(std::numeric_limits<double>::denorm_min());
  const double nan = std::bit_cast<double>(std::uint64_t{0x7ff8'0000'dead'beef});
  CHECK(std::bit_cast<std::uint64_t>(round_trip(nan)) == 0x7ff8'0000'dead'beef);
}

TEST_CASE("containers come back as they were", "[codec]") {
  check_round_trip(std::string{});
  check_round_trip(std::string("a\0b", 3));
  check_round_trip(std::vector<double>{1, 2, 3});
  check_round_trip(std::vector<bool>{true, false, true});
  check_round_trip(std::vector<std::byte>{std::byte{1}, std::byte{255}});
  check_round_trip(std::vector<std::string>{"a", "", "ccc"});
  check_round_trip(std::vector<std::vector<int>>{{1}, {}, {2, 3}});
  check_round_trip(std::map<std::string, double>{{"a", 1}, {"b", 2}});
  check_round_trip(std::unordered_map<int, std::string>{{1, "x"}, {2, "y"}});
  check_round_trip(std::set<int>{3, 1, 2});
  check_round_trip(std::tuple<int, std::string, float>{1, "t", 2.5f});
  check_round_trip(std::pair<int, bool>{1, true});
  check_round_trip(std::optional<int>{});
  check_round_trip(std::optional<int>{4});
  check_round_trip(std::variant<int, std::string>{"v"});
  check_round_trip(std::complex<double>{1, -1});
  check_round_trip(std::chrono::milliseconds{1234});
  check_round_trip(std::array<float, 2>{1, 2});
}

TEST_CASE("aggregates, enumerations and types with a serialize member need no more", "[codec]") {
  check_round_trip(shape());
  check_round_trip(std::vector<Shape>{shape(), {}, shape()});
  check_round_trip(Empty{});
  check_round_trip(std::vector<Empty>(5));
  check_round_trip(Colour::red);
  check_round_trip(Counter{42});
  check_round_trip(std::map<int, Counter>{{1, Counter{2}}});
}

TEST_CASE("the bytes are the same on every machine", "[codec]") {
  CHECK(hex(mw::encode(std::int32_t{-2})) == "feffffff");
  CHECK(hex(mw::encode(true, 'A')) == "0141");
  CHECK(hex(mw::encode(1L)) == "0100000000000000");
  CHECK(hex(mw::encode(std::size_t{258})) == "0201000000000000");
  CHECK(hex(mw::encode(1.0)) == "000000000000f03f");
  CHECK(hex(mw::encode(std::string{"hi"})) == "02000000000000006869");
  CHECK(hex(mw::encode(std::vector<std::int16_t>{1, -1})) == "02000000000000000100ffff");
  CHECK(hex(mw::encode(Point{1, 0})) == "000000000000f03f0000000000000000");
  CHECK(hex(mw::encode(Colour::blue)) == "c8");
  CHECK(hex(mw::encode(Empty{})) == "00");
  CHECK(hex(mw::encode(std::optional<std::uint8_t>{7})) == "0007");
}

TEST_CASE("several values are encoded one after the other", "[codec]") {
  const mw::Bytes bytes = mw::encode(1, std::string{"x"}, Point{1, 2});
  using Values = std::tuple<int, std::string, Point>;
  CHECK(mw::decode_tuple<Values>(bytes.span()) == Values{1, "x", {1, 2}});
  CHECK(mw::encode().empty());
  CHECK_NOTHROW(mw::decode_tuple<std::tuple<>>({}));
}

TEST_CASE("small values take no memory but their own", "[codec]") {
  const mw::Bytes bytes = mw::encode(std::uint64_t{1}, std::int32_t{2}, 3.0, true);
  CHECK(bytes.capacity() == mw::Bytes::inline_capacity);
}

TEST_CASE("bytes that are torn anywhere, or too long, are a CodecError", "[codec]") {
  check_torn(shape());
  check_torn(std::vector<Shape>{shape(), shape()});
  check_torn(std::map<std::string, std::vector<int>>{{"a", {1, 2}}, {"b", {}}});
  check_torn(std::variant<int, std::string>{"v"});
  check_torn(std::optional<std::string>{"o"});
  check_torn(std::vector<bool>{true, false});
  check_torn(Counter{1});
}

TEST_CASE("a size that lies is a CodecError and takes no memory", "[codec][S6]") {
  const auto size =
      GENERATE(std::uint64_t{2}, std::uint64_t{1} << 20, std::uint64_t{1} << 40, std::numeric_limits<std::uint64_t>::max());
  const mw::Bytes bytes = mw::encode(size, std::uint8_t{1});
  CHECK_THROWS_AS(mw::decode<std::string>(bytes.span()), mw::CodecError);
  CHECK_THROWS_AS(mw::decode<std::vector<double>>(bytes.span()), mw::CodecError);
  CHECK_THROWS_AS(mw::decode<std::vector<std::string>>(bytes.span()), mw::CodecError);
  CHECK_THROWS_AS(mw::decode<std::vector<bool>>(bytes.span()), mw::CodecError);
  CHECK_THROWS_AS(mw::decode<std::vector<std::byte>>(bytes.span()), mw::CodecError);
  using Map = std::map<int, int>;
  CHECK_THROWS_AS(mw::decode<Map>(bytes.span()), mw::CodecError);
}

TEST_CASE("a count of large elements takes memory only as they come", "[codec][S6]") {
  mw::Bytes bytes = mw::encode(std::uint64_t{1'000'000});  // would be 8 GB
  bytes.extend(1'000'000);
  std::memset(bytes.data() + 8, 0, 1'000'000);
  CHECK_THROWS_AS(mw::decode<std::vector<Big>>(bytes.span()), mw::CodecError);
}

TEST_CASE("values that their type does not have are a CodecError", "[codec]") {
  CHECK_THROWS_AS(mw::decode<bool>(mw::encode(std::uint8_t{2}).span()), mw::CodecError);
  using Variant = std::variant<int, std::string>;
  CHECK_THROWS_AS(mw::decode<Variant>(mw::encode(std::int32_t{7}, 1).span()), mw::CodecError);
  CHECK_THROWS_AS(mw::decode<Variant>(mw::encode(std::int32_t{-1}, 1).span()), mw::CodecError);
}
