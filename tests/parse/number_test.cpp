// Text that is a number, and nothing else.
#include <catch2/catch.hpp>

#include <cstdint>

#include "parse/number.hpp"

using namespace mw::parse;

TEST_CASE("a number is all of its text", "[parse]") {
  CHECK(number<unsigned>("17") == 17u);
  CHECK(number<int>("-17") == -17);
  CHECK(number<std::uint64_t>("18446744073709551615") == UINT64_MAX);
  CHECK(number<double>("2.5e3") == 2500.0);
  CHECK(hex_number<unsigned>("fF") == 255u);
  for (const char* text : {"", " 1", "1 ", "+1", "1,", "0x1", "one", "1.5", "--1"}) CHECK_FALSE(number<int>(text));
  for (const char* text : {"-1", "4294967296", "-0"}) CHECK_FALSE(number<unsigned>(text));
  for (const char* text : {"", ".", "e", "1e", "1.5s", "+1.5"}) CHECK_FALSE(number<double>(text));
}

TEST_CASE("a number within bounds is not below, above, or none at all", "[parse]") {
  CHECK(number<unsigned>("1", 1, 3) == 1u);
  CHECK(number<unsigned>("3", 1, 3) == 3u);
  CHECK_FALSE(number<unsigned>("0", 1, 3));
  CHECK_FALSE(number<unsigned>("4", 1, 3));
  CHECK_FALSE(number<double>("nan", 0, 1));
  CHECK_FALSE(number<double>("inf", 0, 1));
}

TEST_CASE("a number that a text begins with is taken off it, and what begins with none stays", "[parse]") {
  std::string_view text = "12/0034x";
  CHECK(take_number<int>(text) == 12);
  CHECK(text == "/0034x");
  CHECK_FALSE(take_number<int>(text));
  CHECK(text == "/0034x");
  text.remove_prefix(1);
  CHECK(take_number<int>(text) == 34);
  CHECK(text == "x");
  text = "99999999999";
  CHECK_FALSE(take_number<int>(text));
  CHECK(text == "99999999999");
}
