// What tasks have measured, as bytes and back.
#include <catch2/catch.hpp>

#include <random>
#include <string>

#include <mw/codec.hpp>

#include "measure/measures.hpp"

using namespace mw::measure;

namespace {

Measures some_measures() {
  Measures measures;
  measures.add(Kind::time, "walk", 1'500);
  measures.add(Kind::count, "eels", 3);
  measures.add(Kind::count, "eels", 0);
  measures.add(Kind::count, "crabs", std::uint64_t{1} << 63);
  return measures;
}

}  // namespace

TEST_CASE("measures come back from their bytes as they were", "[measure]") {
  const Measures measures = decoded(encoded(some_measures()).span());
  const auto all = measures.sorted();
  REQUIRE(all.size() == 3);
  CHECK(all[0].name == "crabs");
  CHECK(all[0].values->max() == std::uint64_t{1} << 63);
  CHECK(all[1].name == "eels");
  CHECK(all[1].values->count() == 2);
  CHECK(all[1].values->sum() == 3);
  CHECK(all[1].values->min() == 0);
  CHECK(all[2].kind == Kind::time);
  CHECK(all[2].values->quantile(0.5) == 1'500);
  CHECK(decoded(encoded(Measures{}).span()).empty());
}

TEST_CASE("one name may be counted and timed, and these are two", "[measure]") {
  Measures measures;
  measures.add(Kind::count, "walk", 1);
  measures.add(Kind::time, "walk", 2);
  CHECK(measures.size() == 2);
  CHECK(decoded(encoded(measures).span()).size() == 2);
}

TEST_CASE("names that are too long, and too many of them, have no room, and known ones have", "[measure]") {
  Measures measures;
  CHECK_FALSE(measures.add(Kind::count, "", 1));
  CHECK(measures.add(Kind::count, std::string(longest_name, 'x'), 1));
  CHECK_FALSE(measures.add(Kind::count, std::string(longest_name + 1, 'x'), 1));
  for (std::size_t i = 1; i < most_names; ++i) CHECK(measures.add(Kind::time, "name " + std::to_string(i), 1));
  CHECK_FALSE(measures.add(Kind::count, "one more", 1));
  CHECK(measures.add(Kind::time, "name 7", 1));
  CHECK(measures.size() == most_names);
  Measures others;
  others.add(Kind::time, "name 8", 1);
  others.add(Kind::time, "of another", 1);
  CHECK_FALSE(measures.add(others));
  CHECK(measures.size() == most_names);
  CHECK(decoded(encoded(measures).span()).size() == most_names);
}

TEST_CASE("bytes that are no measures are an error, whatever they are", "[measure]") {
  const mw::Bytes good = encoded(some_measures());
  CHECK_THROWS_AS(decoded({}), mw::CodecError);
  for (std::size_t size = 0; size < good.size(); ++size) CHECK_THROWS_AS(decoded(good.span().first(size)), mw::CodecError);
  std::mt19937 random{1};
  for (int i = 0; i < 20'000; ++i) {
    mw::Bytes spoilt{good.span()};
    for (auto n = random() % 4 + 1; n > 0; --n) spoilt.data()[random() % spoilt.size()] = static_cast<std::byte>(random());
    try {
      const Measures measures = decoded(spoilt.span());
      const mw::Bytes again = encoded(measures);
      CHECK(std::string_view{reinterpret_cast<const char*>(again.data()), again.size()} ==
            std::string_view{reinterpret_cast<const char*>(spoilt.data()), spoilt.size()});
    } catch (const mw::CodecError&) {
    }
  }
}

TEST_CASE("measures that are twice, not in order, or of an unknown kind are an error", "[measure]") {
  struct Row {
    std::uint8_t kind;
    std::string name;
    double sum = 3;
    std::uint64_t min = 3, max = 3;
    std::vector<std::pair<std::uint16_t, std::uint64_t>> filled = {{3, 1}};
  };
  const auto bytes_of = [](const std::vector<Row>& rows) { return mw::encode(rows); };
  CHECK(decoded(bytes_of({{0, "a"}, {0, "b"}, {1, "a"}}).span()).size() == 3);
  CHECK_THROWS_AS(decoded(bytes_of({{0, "a"}, {0, "a"}}).span()), mw::CodecError);
  CHECK_THROWS_AS(decoded(bytes_of({{0, "b"}, {0, "a"}}).span()), mw::CodecError);
  CHECK_THROWS_AS(decoded(bytes_of({{1, "a"}, {0, "b"}}).span()), mw::CodecError);
  CHECK_THROWS_AS(decoded(bytes_of({{2, "a"}}).span()), mw::CodecError);
  CHECK_THROWS_AS(decoded(bytes_of({{0, ""}}).span()), mw::CodecError);
  CHECK_THROWS_AS(decoded(bytes_of({{0, std::string(longest_name + 1, 'x')}}).span()), mw::CodecError);
}
