// Twice as long each time, within bounds.
#include <catch2/catch.hpp>

#include "process/back_off.hpp"

using namespace std::chrono_literals;
using mw::process::BackOff;

TEST_CASE("a back-off doubles up to its longest time, and begins anew after a success", "[process]") {
  BackOff back_off{20ms, 100ms};
  CHECK(back_off.next() == 20ms);
  CHECK(back_off.next() == 40ms);
  CHECK(back_off.next() == 80ms);
  CHECK(back_off.next() == 100ms);
  for (int i = 0; i < 1000; ++i) CHECK(back_off.next() == 100ms);
  CHECK(back_off.failures() == 1004);
  back_off.reset();
  CHECK(back_off.next() == 20ms);
}

TEST_CASE("chance takes up to half of a back-off's time away", "[process]") {
  BackOff back_off{1s, 1h};
  CHECK(back_off.next(0) == 500ms);
  CHECK(back_off.next(0.5) == 1500ms);
  CHECK(back_off.next(1) == 4s);
}
