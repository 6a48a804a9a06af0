// What a master says to a node of how many slots it wants, with time that is stepped.
#include <catch2/catch.hpp>

#include <chrono>

#include "tcp/slot_wants.hpp"

using mw::tcp::SlotWants;
using namespace std::chrono_literals;

TEST_CASE("more is said at once, less a moment later, and nothing twice", "[tcp][shares]") {
  SlotWants wants;
  auto word = wants.say({.slots = 0}, 0ms);
  REQUIRE(word);
  CHECK(word->slots == 0);
  CHECK_FALSE(wants.say({.slots = 0}, 1ms));
  word = wants.say({.slots = 3}, 1ms);
  REQUIRE(word);
  CHECK(word->slots == 3);
  CHECK_FALSE(wants.due());
  CHECK_FALSE(wants.say({.slots = 1}, 10ms));
  REQUIRE(wants.due());
  CHECK(*wants.due() == 10ms + SlotWants::patience);
  CHECK_FALSE(wants.say({.slots = 3}, 11ms));  // it was a moment only
  CHECK_FALSE(wants.due());
  CHECK_FALSE(wants.say({.slots = 2}, 20ms));
  CHECK_FALSE(wants.say({.slots = 0}, 21ms));
  word = wants.say({.slots = 0}, 22ms);
  REQUIRE(word);
  CHECK(word->slots == 0);
  CHECK_FALSE(wants.due());
}

TEST_CASE("a slot that a task waits for is named at once, and what is less still waits", "[tcp][shares]") {
  SlotWants wants;
  REQUIRE(wants.say({.slots = 3}, 0ms));
  const auto word = wants.say({.slots = 2, .first = 4}, 1ms);
  REQUIRE(word);
  CHECK(word->slots == 3);
  CHECK(word->first == 4);
  CHECK(wants.due());
  wants.forget();
  CHECK_FALSE(wants.due());
  CHECK(wants.say({.slots = 2, .first = 4}, 1ms));
}
