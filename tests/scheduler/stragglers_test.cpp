// Which task is worth a idle_worker attempt, and when.
#include <catch2/catch.hpp>

#include <array>
#include <chrono>

#include "scheduler/scheduler.hpp"

using namespace mw::scheduler;
using namespace std::chrono_literals;
using mw::WorkerId;

namespace {

constexpr Time begun_at = 1s;
constexpr WorkerId one_worker{1}, idle_worker{2};

bool every_task(const Item&) { return true; }
bool no_task(const Item&) { return false; }

/// Two workers a round trip away, and it is known that a task takes 100 ms. One more runs on one of them from
/// `begun_at` on.
struct TwoWorkers {
  explicit TwoWorkers(MayCopy may_copy = every_task, Time round_trip = 1ms) : scheduler{{}, nullptr, may_copy} {
    scheduler.worker_joined(one_worker, {.slots = 1, .ahead = 2, .round_trip = round_trip});
    for (Item& item : short_ones) {
      scheduler.submit(item);
      REQUIRE(scheduler.next(begun_at));
      scheduler.finished(item, begun_at, 100ms);
    }
    scheduler.submit(task);
    REQUIRE(scheduler.next(begun_at));
    scheduler.worker_joined(idle_worker, {.slots = 1, .ahead = 2, .round_trip = round_trip});
  }
  std::array<Item, 4> short_ones;
  Item task;
  Scheduler scheduler;
};

}  // namespace

TEST_CASE("a task that takes twice as long as expected is worth a copy on an idle worker", "[scheduler][stragglers]") {
  TwoWorkers two;
  CHECK_FALSE(two.scheduler.straggler(begun_at + 150ms));
  REQUIRE(two.scheduler.next_copy_at());
  CHECK(*two.scheduler.next_copy_at() >= begun_at + 200ms);
  CHECK(*two.scheduler.next_copy_at() <= begun_at + 300ms);
  const auto found = two.scheduler.straggler(*two.scheduler.next_copy_at());
  REQUIRE(found);
  CHECK(found->item == &two.task);
  CHECK(found->worker == idle_worker);

  Item copy;
  two.scheduler.place(copy, found->worker, begun_at + 300ms);
  CHECK(copy.worker == idle_worker);
  CHECK(copy.attempt == 1);
  CHECK(two.scheduler.busy_count() == 2);
  two.scheduler.finished(copy, begun_at + 400ms, 100ms);
  two.scheduler.withdraw(two.task, begun_at + 400ms);
  CHECK(two.scheduler.assigned_count() == 0);
}

TEST_CASE("there is no copy while tasks wait, of what may have none, or where no worker is idle", "[scheduler][stragglers]") {
  SECTION("while tasks wait") {
    TwoWorkers two;
    Item waiting;
    two.scheduler.submit(waiting);
    CHECK_FALSE(two.scheduler.straggler(begun_at + 10s));
    CHECK_FALSE(two.scheduler.next_copy_at());
    two.scheduler.withdraw(waiting, begun_at);
  }
  SECTION("of what may have none") {
    TwoWorkers two{no_task};
    CHECK_FALSE(two.scheduler.straggler(begun_at + 10s));
  }
  SECTION("without a rule that says what may") {
    TwoWorkers two{nullptr};
    CHECK_FALSE(two.scheduler.straggler(begun_at + 10s));
  }
  SECTION("on the same machine as the master, where all are alike") {
    TwoWorkers two{every_task, 0ms};
    CHECK_FALSE(two.scheduler.straggler(begun_at + 10s));
  }
  SECTION("where no worker is idle") {
    TwoWorkers two;
    two.scheduler.worker_left(idle_worker);
    CHECK_FALSE(two.scheduler.straggler(begun_at + 10s));
  }
  SECTION("where the idle one is about to leave") {
    TwoWorkers two;
    two.scheduler.worker_leaves(idle_worker);
    CHECK_FALSE(two.scheduler.straggler(begun_at + 10s));
  }
}

TEST_CASE("a kind of which nothing is known, and what is over in no time, get no copies", "[scheduler][stragglers]") {
  TwoWorkers two;
  two.scheduler.finished(two.task, begun_at, 100ms);
  Item unknown;
  unknown.kind = 7;
  two.scheduler.submit(unknown);
  REQUIRE(two.scheduler.next(begun_at));
  CHECK_FALSE(two.scheduler.straggler(begun_at + 100s));
  two.scheduler.finished(unknown, begun_at, 1us);

  std::array<Item, 3> tiny;
  for (Item& item : tiny) {
    item.kind = 8;
    two.scheduler.submit(item);
    REQUIRE(two.scheduler.next(begun_at));
    two.scheduler.finished(item, begun_at, 10us);
  }
  Item late;
  late.kind = 8;
  two.scheduler.submit(late);
  REQUIRE(two.scheduler.next(begun_at));
  CHECK_FALSE(two.scheduler.straggler(begun_at + 200ms));
  CHECK(two.scheduler.straggler(begun_at + 310ms));
}

TEST_CASE("of several the one that has run longest is copied", "[scheduler][stragglers]") {
  TwoWorkers two;
  Item other;
  two.scheduler.submit(other);
  REQUIRE(two.scheduler.next(begun_at + 50ms));
  REQUIRE(other.worker == idle_worker);
  two.scheduler.worker_joined(WorkerId{3}, {.slots = 1, .round_trip = 1ms});
  const auto found = two.scheduler.straggler(begun_at + 10s);
  REQUIRE(found);
  CHECK(found->item == &two.task);
  CHECK(found->worker == WorkerId{3});
}
