// Which nodes are set aside, with time that is stepped.
#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tcp/quarantine.hpp"

using mw::tcp::Quarantine;
using namespace std::chrono_literals;

namespace {

Quarantine with_nodes(const std::vector<std::string>& names) {
  Quarantine quarantine;
  for (const auto& name : names) quarantine.joined(name);
  return quarantine;
}

/// True if the last of them set the node aside.
bool lose(Quarantine& quarantine, const std::string& node, std::uint64_t first_task, Quarantine::Time now = 0s) {
  for (std::uint64_t i = 0; i + 1 < Quarantine::most_losses; ++i) CHECK_FALSE(quarantine.lost(node, first_task + i, now));
  return quarantine.lost(node, first_task + Quarantine::most_losses - 1, now);
}

}  // namespace

TEST_CASE("a node on which workers die in a row is set aside, if there is another one", "[tcp][quarantine]") {
  auto quarantine = with_nodes({"bad", "good"});
  CHECK(quarantine.slots("bad") == Quarantine::all_slots);
  CHECK(lose(quarantine, "bad", 1, 5s));
  CHECK(quarantine.slots("bad") == 0);
  CHECK(quarantine.slots("good") == Quarantine::all_slots);
  CHECK(quarantine.names() == std::vector<std::string>{"bad"});
  REQUIRE(quarantine.next());
  CHECK(*quarantine.next() == 35s);
  auto alone = with_nodes({"only"});
  for (std::uint64_t task = 1; task < 100; ++task) CHECK_FALSE(alone.lost("only", task, 0s));
  CHECK(alone.slots("only") == Quarantine::all_slots);
  CHECK_FALSE(alone.next());
}

TEST_CASE("a task that is finished in between, or by what still runs there, brings a node back", "[tcp][quarantine]") {
  auto quarantine = with_nodes({"n", "other"});
  for (std::uint64_t task = 1; task < 50; ++task) {
    CHECK_FALSE(quarantine.lost("n", task, 0s));
    if (task % 2 == 0) quarantine.finished("n");
  }
  quarantine.finished("n");
  CHECK_FALSE(quarantine.awaits_success("n"));
  CHECK(lose(quarantine, "n", 100));
  CHECK(quarantine.awaits_success("n"));
  quarantine.finished("n");
  CHECK(quarantine.slots("n") == Quarantine::all_slots);
  CHECK(quarantine.names().empty());
}

TEST_CASE("after a pause a node is tried with one slot, and the pause doubles, up to ten minutes", "[tcp][quarantine]") {
  auto quarantine = with_nodes({"bad", "good"});
  Quarantine::Time now = 0s;
  REQUIRE(lose(quarantine, "bad", 1, now));
  for (const auto pause : {30s, 60s, 120s, 240s, 480s, 600s, 600s}) {
    REQUIRE(quarantine.until("bad"));
    CHECK(*quarantine.until("bad") - now == pause);
    quarantine.time_passed(now + pause - 1s);
    CHECK(quarantine.slots("bad") == 0);
    now += pause;
    quarantine.time_passed(now);
    CHECK(quarantine.slots("bad") == 1);
    CHECK(quarantine.lost("bad", 77, now));  // one is enough now
    CHECK(quarantine.slots("bad") == 0);
  }
  now += 600s;
  quarantine.time_passed(now);
  quarantine.finished("bad");
  CHECK(quarantine.slots("bad") == Quarantine::all_slots);
  CHECK(lose(quarantine, "bad", 1, now));
  CHECK(*quarantine.until("bad") - now == 30s);
}

TEST_CASE("a task that dies wherever it goes is to blame, not the nodes", "[tcp][quarantine]") {
  auto quarantine = with_nodes({"a", "b"});
  quarantine.finished("b");
  CHECK_FALSE(quarantine.lost("a", 7, 0s));
  CHECK_FALSE(quarantine.lost("a", 7, 0s));
  CHECK(quarantine.lost("a", 7, 0s));
  CHECK_FALSE(quarantine.lost("b", 7, 0s));
  CHECK(quarantine.slots("a") == Quarantine::all_slots);
  CHECK(quarantine.slots("b") == Quarantine::all_slots);
  // The word of a node that has finished nothing is worth nothing.
  auto both_bad = with_nodes({"a", "b", "good"});
  CHECK_FALSE(both_bad.lost("a", 7, 0s));
  CHECK_FALSE(both_bad.lost("b", 7, 0s));
  CHECK_FALSE(both_bad.lost("a", 8, 0s));
  CHECK(both_bad.lost("a", 9, 0s));
  CHECK_FALSE(both_bad.lost("b", 8, 0s));
  CHECK(both_bad.lost("b", 9, 0s));
  CHECK(both_bad.slots("good") == Quarantine::all_slots);
}

TEST_CASE("when no node does well, none is set aside", "[tcp][quarantine]") {
  auto quarantine = with_nodes({"a", "b"});
  REQUIRE(lose(quarantine, "a", 1));
  SECTION("as tasks die on the other one, too") {
    CHECK_FALSE(lose(quarantine, "b", 11));
    CHECK_FALSE(quarantine.lost("a", 21, 0s));
    CHECK_FALSE(quarantine.lost("b", 22, 0s));
    CHECK(quarantine.slots("b") == Quarantine::all_slots);
    quarantine.joined("c");
    CHECK(quarantine.lost("a", 23, 0s));
  }
  SECTION("as the other one is gone") { quarantine.left("b"); }
  CHECK((quarantine.slots("a") == Quarantine::all_slots || quarantine.names() == std::vector<std::string>{"a"}));
  if (quarantine.names().empty()) CHECK_FALSE(quarantine.next());
}

TEST_CASE("a node that dies as a whole, and comes back, is the same, and one that stays away is forgotten", "[tcp][quarantine]") {
  auto quarantine = with_nodes({"bad", "good"});
  for (int i = 0; i < 2; ++i) {
    CHECK_FALSE(quarantine.lost("bad", 0, 0s));
    quarantine.left("bad");
    quarantine.joined("bad");
  }
  CHECK(quarantine.lost("bad", 0, 0s));
  quarantine.left("bad");
  quarantine.joined("bad");
  CHECK(quarantine.slots("bad") == 0);
  quarantine.left("bad");
  quarantine.time_passed(31s);
  CHECK(quarantine.names().empty());
}

TEST_CASE("at random: as long as nodes are there, one may be given tasks", "[tcp][quarantine]") {
  const auto seed = GENERATE(range(1u, 40u));
  INFO("seed " << seed);
  std::mt19937 random{seed};
  Quarantine quarantine;
  std::vector<std::string> there;
  Quarantine::Time now = 0s;
  bool is_right = true;
  for (int i = 0; i < 2'000; ++i) {
    const std::string name(1, static_cast<char>('a' + random() % 4));
    const bool is_there = std::find(there.begin(), there.end(), name) != there.end();
    now += std::chrono::seconds{random() % 5};
    quarantine.time_passed(now);
    switch (random() % 12) {
      case 0:
        if (!is_there) there.push_back(name);
        quarantine.joined(name);
        break;
      case 1:
        std::erase(there, name);
        quarantine.left(name);
        break;
      case 2:
        if (is_there && name != "a") quarantine.finished(name);
        break;
      default:
        if (is_there && quarantine.slots(name) > 0 && quarantine.lost(name, random() % 6, now))
          is_right = is_right && quarantine.slots(name) == 0;
    }
    is_right = is_right && (there.empty() ||
                            std::any_of(there.begin(), there.end(), [&](const auto& one) { return quarantine.slots(one) > 1; }));
  }
  CHECK(is_right);
}
