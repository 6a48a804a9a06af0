// Times as people write them.
#include <catch2/catch.hpp>

#include "parse/duration.hpp"

using mw::parse::duration;

TEST_CASE("a time is a number with a unit, or of seconds", "[parse]") {
  CHECK(duration("90")->count() == 90);
  CHECK(duration("90s")->count() == 90);
  CHECK(duration("250ms")->count() == Approx(0.25));
  CHECK(duration("15min")->count() == 900);
  CHECK(duration("15m")->count() == 900);
  CHECK(duration("1.5h")->count() == 5400);
  CHECK(duration("2d")->count() == 172'800);
  CHECK(duration("0")->count() == 0);
}

TEST_CASE("what is no time is refused", "[parse]") {
  const char* const text =
      GENERATE("", "s", "-1", "-0", "1 s", " 1", "1x", "1hh", "nan", "inf", "1e999", "1:00:00", "1h30m", "40000d");
  INFO(text);
  CHECK_FALSE(duration(text));
}
