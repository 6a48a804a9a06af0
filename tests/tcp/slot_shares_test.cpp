// How a node's slots are shared, stepped by hand and at random: no connection, no clock.
#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include "support/amount.hpp"
#include "tcp/node/slot_shares.hpp"

using namespace mw::tcp;
using namespace std::chrono_literals;

namespace {

using SharesTime = SlotShares::Time;
constexpr SharesTime a_turn = 50ms;

/// A node, and masters whose tasks take so many steps of a millisecond.
class SharedNode {
 public:
  struct Slot {
    bool is_ready = true, is_lent = false;
    std::uint32_t left = 0;  ///< steps until its task ends; 0: it has none
  };
  struct Master {
    std::uint64_t number = 0;
    bool is_open = true;
    std::uint64_t queue = 0;   ///< tasks
    std::uint32_t length = 1;  ///< steps
    std::uint32_t first = 0;
    std::vector<Slot> slots = {};
    std::uint64_t worked = 0;  ///< slots × steps
    std::uint64_t waited = 0;  ///< steps, with work and without a task that runs

    std::uint32_t running() const {
      return static_cast<std::uint32_t>(std::count_if(slots.begin(), slots.end(), [](const Slot& one) { return one.left > 0; }));
    }
    std::uint32_t lent() const {
      return static_cast<std::uint32_t>(std::count_if(slots.begin(), slots.end(), [](const Slot& one) { return one.is_lent; }));
    }
    std::uint32_t wanted() const { return static_cast<std::uint32_t>(std::min<std::uint64_t>(queue + running(), slots.size())); }
  };

  explicit SharedNode(std::uint32_t slots) : slots_{slots}, shares_{slots, a_turn} {}

  Master& join(std::uint64_t queue = 0, std::uint32_t length = 1) {
    Master& master = masters[++last_];
    master.number = last_;
    master.queue = queue;
    master.length = length;
    master.slots.resize(slots_);
    return master;
  }

  void share() {
    for (int i = 0; i < 10; ++i) {
      std::vector<SlotClaim> claims;
      for (const auto& [number, one] : masters) {
        SlotClaim claim{.master = number, .is_open = one.is_open, .wanted = one.wanted(), .first = one.first};
        for (const Slot& slot : one.slots) claim.slots.push_back({slot.left > 0, slot.is_ready});
        claims.push_back(std::move(claim));
      }
      const auto changes = shares_.share(claims, now_);
      for (const SlotChange& one : changes) {
        Slot& slot = masters.at(one.master).slots.at(one.slot - 1);
        CHECK(slot.is_lent != one.is_lent);
        slot.is_lent = one.is_lent;
      }
      if (changes.empty()) return;
    }
    FAIL("it never comes to rest");
  }

  void begin_tasks() {
    for (auto& [number, one] : masters)
      for (Slot& slot : one.slots) {
        if (!slot.is_lent || !slot.is_ready || slot.left > 0 || one.queue == 0) continue;
        --one.queue;
        slot.left = one.length;
      }
  }

  void pass_a_step() {
    now_ += 1ms;
    for (auto& [number, one] : masters) {
      one.waited = one.wanted() > 0 && one.running() == 0 && one.is_open ? one.waited + 1 : 0;
      one.worked += one.running();
      for (Slot& slot : one.slots)
        if (slot.left > 0) --slot.left;
    }
  }

  void step() {
    share();
    begin_tasks();
    pass_a_step();
  }
  void run(int steps) {
    for (int i = 0; i < steps; ++i) step();
  }
  std::uint32_t running() const {
    std::uint32_t sum = 0;
    for (const auto& [number, one] : masters) sum += one.running();
    return sum;
  }
  std::uint32_t held() const {
    std::uint32_t sum = 0;
    for (const auto& [number, one] : masters)
      for (const Slot& slot : one.slots) sum += slot.is_lent || slot.left > 0;
    return sum;
  }

  std::map<std::uint64_t, Master> masters;

 private:
  const std::uint32_t slots_;
  SlotShares shares_;
  SharesTime now_{0};
  std::uint64_t last_ = 0;
};

constexpr std::uint64_t plenty = 1'000'000'000;

}  // namespace

TEST_CASE("a master that is alone has all slots, whatever it wants and however its workers are", "[tcp][shares]") {
  SharedNode node{3};
  auto& alone = node.join();
  alone.slots[1].is_ready = false;
  node.share();
  CHECK(alone.lent() == 3);
}

TEST_CASE("two masters that want all have half each as soon as the first one's tasks have ended", "[tcp][shares]") {
  SharedNode node{4};
  auto& first = node.join(plenty, 20);
  node.run(5);
  CHECK(first.running() == 4);
  auto& second = node.join(plenty, 20);
  node.step();
  CHECK(first.running() == 4);  // a task that runs is not interrupted
  CHECK(second.running() == 0);
  node.run(16);
  CHECK(first.running() == 2);
  CHECK(second.running() == 2);
}

TEST_CASE("a master that wants less leaves the rest to others, and one that wants nothing leaves all, at once", "[tcp][shares]") {
  SharedNode node{4};
  auto& first = node.join(plenty, 1);
  auto& second = node.join();
  node.run(3);
  CHECK(first.lent() == 4);
  second.queue = 1;
  second.length = 30;
  node.run(3);
  CHECK(first.lent() == 3);
  CHECK(second.lent() == 1);
  first.queue = 0;
  second.queue = plenty;
  node.run(2);
  CHECK(second.lent() == 4);
  second.queue = 0;
  node.run(40);
  CHECK(second.lent() == 4);  // nobody else wants them
}

TEST_CASE("what does not divide goes round: masters with work work for equally long, however long their tasks are",
          "[tcp][shares]") {
  const auto slots = GENERATE(1u, 2u, 3u, 5u);
  const auto masters = GENERATE(2u, 3u, 4u);
  SharedNode node{slots};
  std::uint32_t length = 3;
  for (std::uint32_t i = 0; i < masters; ++i, length *= 4) node.join(plenty, length);
  const std::uint32_t steps = test::amount(40'000u, 15'000u);
  node.run(steps);
  const double each = static_cast<double>(steps) * slots / masters;
  for (const auto& [number, one] : node.masters) {
    INFO(slots << " slots, " << masters << " masters, number " << number);
    CHECK(static_cast<double>(one.worked) > 0.9 * each);
    CHECK(static_cast<double>(one.worked) < 1.1 * each);
  }
}

TEST_CASE("a master that was idle gets its share within about a task's length, and saves nothing by that", "[tcp][shares]") {
  SharedNode node{2};
  auto& busy = node.join(plenty, 20);
  auto& idle = node.join();
  node.run(10'000);
  CHECK(busy.worked == 20'000);
  idle.queue = plenty;
  idle.length = 20;
  node.run(41);
  CHECK(idle.worked > 10);
  busy.worked = idle.worked = 0;
  node.run(1'000);
  CHECK(busy.worked == idle.worked);
}

TEST_CASE("a master that goes gives its slots up as its tasks end", "[tcp][shares]") {
  SharedNode node{2};
  auto& goes = node.join(plenty, 10);
  auto& stays = node.join(plenty, 10);
  node.run(25);
  goes.is_open = false;
  for (auto& slot : goes.slots) slot.is_lent = false;
  node.step();
  CHECK(node.held() <= 2);
  node.run(11);
  CHECK(stays.running() == 2);
  node.masters.erase(goes.number);
  node.run(2);
  CHECK(stays.lent() == 2);
}

TEST_CASE("a slot that only one task may have comes in its turn, also for a master that has its share", "[tcp][shares]") {
  SharedNode node{2};
  auto& first = node.join(plenty, 5);
  node.join(plenty, 5);
  node.run(20);
  REQUIRE(first.lent() == 1);
  const std::uint32_t other = first.slots[0].is_lent ? 2 : 1;
  first.first = other;
  node.run(8);
  CHECK(first.slots[other - 1].is_lent);
  CHECK(first.lent() == 1);
}

TEST_CASE("a worker that is not ready holds no slot that others want", "[tcp][shares]") {
  SharedNode node{2};
  auto& broken = node.join(plenty, 5);
  auto& well = node.join(plenty, 5);
  node.run(20);
  for (auto& slot : broken.slots) {
    slot.is_ready = false;
    slot.left = 0;
  }
  node.run(7);
  CHECK(well.running() == 2);
  broken.slots[1].is_ready = true;
  node.run(7);
  CHECK(broken.slots[1].left > 0);
}

TEST_CASE("at random: never more tasks than slots, no slot idle beside work, nobody starves", "[tcp][shares]") {
  const auto seed = GENERATE(range(1u, test::amount(60u, 15u)));
  INFO("seed " << seed);
  std::mt19937 random{seed};
  const auto below = [&](std::uint32_t bound) { return static_cast<std::uint32_t>(random() % bound); };
  const std::uint32_t slots = 1 + below(6);
  SharedNode node{slots};
  bool is_right = true;
  std::uint64_t longest_wait = 0;
  for (int i = 0; i < 2'000; ++i) {
    if (node.masters.size() < 5 && below(100) == 0) node.join();
    for (auto place = node.masters.begin(); place != node.masters.end();) {
      auto& one = place->second;
      if (below(60) == 0) one.queue += below(60);
      if (below(200) == 0) one.queue = 0;
      one.length = 1 + below(30);
      if (below(20) == 0) one.first = below(slots + 2);
      if (below(100) == 0) one.first = 0;
      auto& slot = one.slots[below(slots)];
      if (below(50) == 0) slot.is_ready = slot.left > 0 || below(3) > 0;
      if (below(500) == 0 && one.is_open) {
        one.is_open = false;
        for (auto& each : one.slots) each.is_lent = false;
      }
      place = !one.is_open && one.running() == 0 ? node.masters.erase(place) : std::next(place);
    }
    node.share();
    is_right = is_right && node.held() <= slots;
    for (const auto& [number, lacks] : node.masters) {
      const auto free = static_cast<std::uint32_t>(std::count_if(
          lacks.slots.begin(), lacks.slots.end(), [](const auto& one) { return one.is_ready && !one.is_lent && one.left == 0; }));
      if (!lacks.is_open || free == 0 || lacks.wanted() <= lacks.lent() || lacks.first != 0) continue;
      is_right = is_right && node.held() == slots;
      for (const auto& [other, one] : node.masters) {
        const bool is_idle =
            std::any_of(one.slots.begin(), one.slots.end(), [](const auto& it) { return it.is_lent && it.left == 0; });
        is_right = is_right && (number == other || one.wanted() > 0 || !is_idle);
      }
    }
    node.begin_tasks();
    is_right = is_right && node.running() <= slots;
    node.pass_a_step();
    for (const auto& [number, one] : node.masters) {
      const bool can = std::all_of(one.slots.begin(), one.slots.end(), [](const auto& slot) { return slot.is_ready; });
      if (can) longest_wait = std::max(longest_wait, one.waited);
    }
  }
  CHECK(is_right);
  CHECK(longest_wait < 700);
}
