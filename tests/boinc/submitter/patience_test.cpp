// What becomes rarer the longer it lasts.
#include <catch2/catch.hpp>

#include "boinc/submitter/patience.hpp"

using namespace mw::boinc;
using namespace std::chrono_literals;

namespace {
const Patience::Time start = Patience::Time{} + 1h;
}

TEST_CASE("a project is looked at when a run begins, and then when nothing has moved for a while", "[boinc][submit]") {
  Patience patience{60s};
  REQUIRE(patience.is_due(start));
  patience.looked(start, false);
  for (auto now = start; now < start + 10min; now += 15s) {
    patience.moved(now);
    CHECK_FALSE(patience.is_due(now + 59s));
    CHECK(patience.is_due(now + 60s));
  }
}

TEST_CASE("the longer nothing moves, the more rarely a project is looked at", "[boinc][submit]") {
  Patience patience{60s};
  int times = 0;
  for (auto now = start; now < start + 24h; now += 1s)
    if (patience.is_due(now)) {
      ++times;
      patience.looked(now, false);
    }
  CHECK(times > 100);
  CHECK(times < 200);
}

TEST_CASE("what is found is looked at until it is gone, also when something moves", "[boinc][submit]") {
  Patience patience{60s};
  patience.looked(start, true);
  for (int i = 1; i <= 10; ++i) {
    patience.moved(start + i * 60s - 1s);
    REQUIRE(patience.is_due(start + i * 60s));
    patience.looked(start + i * 60s, true);
  }
}

TEST_CASE("the same complaint is made more and more rarely, and another one at once", "[boinc][submit]") {
  Complaints complaints;
  int times = 0;
  for (auto now = start; now < start + 24h; now += 20s) {
    times += complaints.is_due("obstacle", "feeder", now);
    REQUIRE(complaints.is_due("poll", std::to_string((now - start) / 1s), now));  // does not make it news
    REQUIRE_FALSE(complaints.is_due("obstacle", "feeder", now));
  }
  CHECK(times > 24);
  CHECK(times < 35);
  CHECK(complaints.is_due("obstacle", "transitioner", start + 24h));
  CHECK_FALSE(complaints.is_due("obstacle", "transitioner", start + 24h));
  complaints.over("obstacle");
  CHECK(complaints.is_due("obstacle", "transitioner", start + 24h));
}
