// The scheduler, stepped by hand: no thread, no socket, no clock.
#include <catch2/catch.hpp>

#include <deque>
#include <map>
#include <random>

#include "core/deadlines.hpp"
#include "scheduler/scheduler.hpp"

using namespace mw;
using namespace mw::scheduler;
using mw::core::Deadlines;

namespace {

const WorkerId a{1}, b{2}, c{3};
const Time now{1'000'000'000};

std::deque<Item> items(std::size_t count) { return std::deque<Item>(count); }

}  // namespace

TEST_CASE("tasks go out in the order of submission", "[scheduler]") {
  Scheduler scheduler;
  auto tasks = items(3);
  for (auto& task : tasks) scheduler.submit(task);
  CHECK_FALSE(scheduler.next(now));
  scheduler.worker_joined(a, {3});
  for (auto& task : tasks) {
    const auto next = scheduler.next(now);
    REQUIRE(next);
    CHECK(next->item == &task);
    CHECK(next->worker == a);
    CHECK(task.attempt == 1);
  }
  CHECK_FALSE(scheduler.next(now));
}

TEST_CASE("the least loaded worker gets the next task", "[scheduler]") {
  Scheduler scheduler;
  auto tasks = items(6);
  scheduler.worker_joined(a, {3});
  scheduler.worker_joined(b, {3});
  for (auto& task : tasks) scheduler.submit(task);
  std::map<WorkerId, int> load;
  for (int i = 0; i < 6; ++i) {
    ++load[scheduler.next(now)->worker];
    if (i % 2) CHECK(load[a] == load[b]);
  }
  CHECK(scheduler.busy_count() == 2);
}

TEST_CASE("a worker gets no more than it has room for", "[scheduler]") {
  Scheduler scheduler;
  auto tasks = items(3);
  scheduler.worker_joined(a, {1});
  for (auto& task : tasks) scheduler.submit(task);
  CHECK(scheduler.next(now)->item == &tasks[0]);
  CHECK_FALSE(scheduler.next(now));
  scheduler.finished(tasks[0], now);
  CHECK(tasks[0].schedule == ItemState::done);
  CHECK(scheduler.next(now)->item == &tasks[1]);
}

TEST_CASE("a lost task runs again before all others, up to its limit", "[scheduler]") {
  Scheduler scheduler;
  auto tasks = items(2);
  scheduler.worker_joined(a, {1});
  for (auto& task : tasks) scheduler.submit(task);
  for (int loss = 1; loss <= 2; ++loss) {
    REQUIRE(scheduler.next(now)->item == &tasks[0]);
    CHECK(scheduler.lost(tasks[0], now, 2) == Verdict::run_again);
    CHECK(tasks[0].losses == loss);
  }
  REQUIRE(scheduler.next(now)->item == &tasks[0]);
  CHECK(tasks[0].attempt == 3);
  CHECK(scheduler.lost(tasks[0], now, 2) == Verdict::give_up);
  CHECK(tasks[0].schedule == ItemState::done);
  CHECK(scheduler.next(now)->item == &tasks[1]);
}

TEST_CASE("what a worker had not begun goes back in its old order and counts as no loss", "[scheduler]") {
  Scheduler scheduler;
  auto tasks = items(4);
  scheduler.worker_joined(a, {3});
  for (auto& task : tasks) scheduler.submit(task);
  for (int i = 0; i < 3; ++i) scheduler.next(now);
  CHECK(scheduler.lost(tasks[0], now, 2) == Verdict::run_again);
  scheduler.worker_left(a);
  CHECK(scheduler.assigned_count() == 0);
  CHECK(scheduler.worker_count() == 0);
  CHECK_FALSE(scheduler.next(now));
  scheduler.worker_joined(b, {4});
  for (auto& task : tasks) CHECK(scheduler.next(now)->item == &task);
  CHECK(tasks[0].losses == 1);
  CHECK(tasks[1].losses == 0);
}

TEST_CASE("a worker that nobody knows may leave", "[scheduler]") {
  Scheduler scheduler;
  scheduler.worker_left(c);
  CHECK(scheduler.worker_count() == 0);
}

TEST_CASE("an interface that schedules by itself takes the first task and says where", "[scheduler]") {
  Scheduler scheduler;
  auto tasks = items(2);
  CHECK(scheduler.front() == nullptr);
  for (auto& task : tasks) scheduler.submit(task);
  CHECK(scheduler.front() == &tasks[0]);
  scheduler.assign_front(any_worker, now);
  CHECK(scheduler.front() == &tasks[1]);
  CHECK(scheduler.assigned() == std::vector<Item*>{&tasks[0]});
  CHECK(scheduler.waiting() == std::vector<Item*>{&tasks[1]});
  scheduler.finished(tasks[0], now);
  CHECK(scheduler.assigned_count() == 0);
}

TEST_CASE("a withdrawn task is nowhere any more", "[scheduler]") {
  Scheduler scheduler;
  auto tasks = items(3);
  scheduler.worker_joined(a, {1});
  for (auto& task : tasks) scheduler.submit(task);
  scheduler.next(now);
  scheduler.withdraw(tasks[0], now);  // off its worker
  scheduler.withdraw(tasks[1], now);  // out of the queue
  CHECK(scheduler.next(now)->item == &tasks[2]);
  CHECK(scheduler.queued_count() == 0);
}

TEST_CASE("higher priority goes first, equal ones in the order of submission", "[scheduler]") {
  Scheduler scheduler;
  auto tasks = items(5);
  const int priorities[] = {0, 5, -1, 5, 0};
  for (std::size_t i = 0; i < 5; ++i) {
    tasks[i].priority = priorities[i];
    scheduler.submit(tasks[i]);
  }
  CHECK(scheduler.waiting() == std::vector<Item*>{&tasks[1], &tasks[3], &tasks[0], &tasks[4], &tasks[2]});
  std::vector<const Item*> walked;
  for (const Item* item = scheduler.front(); item; item = scheduler.after(*item)) walked.push_back(item);
  CHECK(walked == std::vector<const Item*>{&tasks[1], &tasks[3], &tasks[0], &tasks[4], &tasks[2]});
  scheduler.worker_joined(a, {5});
  for (const std::size_t i : {1u, 3u, 0u, 4u, 2u}) CHECK(scheduler.next(now)->item == &tasks[i]);
}

namespace {

/// A scheduler whose one worker has learned that tasks of kind 0 take `each`.
void teach(Scheduler& scheduler, Item& item, Time each) {
  scheduler.submit(item);
  REQUIRE(scheduler.next(now));
  scheduler.finished(item, now, each);
}

std::size_t hand_out(Scheduler& scheduler) {
  std::size_t count = 0;
  while (scheduler.next(now)) ++count;
  return count;
}

}  // namespace

TEST_CASE("tasks go ahead only when they are known to be short, and no further than the horizon", "[scheduler][ahead]") {
  Scheduler scheduler{Policy{.horizon = std::chrono::milliseconds{1}}};
  auto tasks = items(401);
  scheduler.worker_joined(a, {.slots = 1, .ahead = 255});
  const auto submit_all = [&] {
    for (std::size_t i = 1; i < tasks.size(); ++i) scheduler.submit(tasks[i]);
  };
  SECTION("unknown: one at a time") {
    submit_all();
    CHECK(hand_out(scheduler) == 1);
  }
  SECTION("as long as the horizon: one at a time") {
    teach(scheduler, tasks[0], std::chrono::milliseconds{2});
    submit_all();
    CHECK(hand_out(scheduler) == 1);
  }
  SECTION("a tenth of it: about ten") {
    teach(scheduler, tasks[0], std::chrono::microseconds{100});
    submit_all();
    const auto count = hand_out(scheduler);
    CHECK(count >= 8);
    CHECK(count <= 10);
  }
  SECTION("nothing at all: as many as the worker holds") {
    teach(scheduler, tasks[0], std::chrono::nanoseconds{1});
    submit_all();
    CHECK(hand_out(scheduler) == 256);
  }
  SECTION("short ones do not go behind a long one") {
    teach(scheduler, tasks[0], std::chrono::nanoseconds{100});
    tasks[1].kind = 1;  // unknown
    submit_all();
    CHECK(hand_out(scheduler) == 1);
  }
}

TEST_CASE("workers with a free slot come before queues of others", "[scheduler][ahead]") {
  Scheduler scheduler;
  auto tasks = items(10);
  scheduler.worker_joined(a, {1, 255});
  teach(scheduler, tasks[0], std::chrono::microseconds{1});
  scheduler.worker_joined(b, {1, 255});
  for (std::size_t i = 1; i < 5; ++i) scheduler.submit(tasks[i]);
  std::map<WorkerId, int> load;
  while (const auto next = scheduler.next(now)) ++load[next->worker];
  CHECK(load[a] == 2);
  CHECK(load[b] == 2);
}

TEST_CASE("what waits behind a task that takes too long comes back, in the old order, and nothing goes behind it again",
          "[scheduler][ahead]") {
  Scheduler scheduler{Policy{.horizon = std::chrono::milliseconds{1}, .patience = std::chrono::milliseconds{2}}};
  auto tasks = items(12);
  scheduler.worker_joined(a, {1, 255});
  teach(scheduler, tasks[0], std::chrono::microseconds{10});
  scheduler.worker_joined(b, {1, 255});
  for (std::size_t i = 1; i < 10; ++i) scheduler.submit(tasks[i]);
  CHECK(hand_out(scheduler) == 9);
  CHECK(scheduler.has_tasks_ahead());
  CHECK(scheduler.overdue(now + std::chrono::milliseconds{1}).empty());
  std::vector<Item*> returned;
  for (const auto& [item, worker] : scheduler.overdue(now + std::chrono::milliseconds{3})) returned.push_back(item);
  CHECK(returned.size() == 7);  // all but the two that run
  scheduler.returned(returned, now);
  CHECK_FALSE(scheduler.has_tasks_ahead());
  std::vector<Item*> expected;
  for (std::size_t i = 3; i < 10; ++i) expected.push_back(&tasks[i]);
  CHECK(scheduler.waiting() == expected);
  for (Item* item : expected) CHECK(item->attempt == 0);
  CHECK(hand_out(scheduler) == 0);  // both still run
  scheduler.finished(tasks[1], now, std::chrono::microseconds{10});
  CHECK(hand_out(scheduler) == 7);
  CHECK(tasks[3].attempt == 1);
}

TEST_CASE("an abandoned task's slot is free only when it is released", "[scheduler]") {
  Scheduler scheduler;
  auto tasks = items(3);
  scheduler.worker_joined(a, {1, 10});
  for (auto& task : tasks) scheduler.submit(task);
  REQUIRE(scheduler.next(now)->item == &tasks[0]);
  scheduler.abandon(tasks[0], now);
  CHECK(tasks[0].schedule == ItemState::idle);
  CHECK_FALSE(scheduler.next(now));
  CHECK(scheduler.busy_count() == 1);
  scheduler.submit_again(tasks[0]);
  CHECK(scheduler.front() == &tasks[0]);
  scheduler.release(a);
  scheduler.release(a);  // once too often is no event
  CHECK(scheduler.next(now)->item == &tasks[0]);
  CHECK(tasks[0].attempt == 2);
}

TEST_CASE("costs are rounded up by less than a quarter", "[scheduler]") {
  CHECK(Cost{}.time().count() == 0);
  for (std::int64_t ns = 4; ns < (std::int64_t{1} << 60); ns += ns / 3 + 1) {
    const auto cost = Cost::of(Time{ns}).time().count();
    INFO(ns);
    CHECK(cost >= ns);
    CHECK(cost - ns <= ns / 4);
  }
}

TEST_CASE("deadlines come due in the order of time, each once", "[scheduler]") {
  Deadlines deadlines;
  Item one, two, three;
  CHECK_FALSE(deadlines.next());
  deadlines.set(one, Time{30});
  deadlines.set(two, Time{10});
  deadlines.set(three, Time{20});
  deadlines.set(one, Time{5});  // anew
  CHECK(deadlines.next() == Time{5});
  deadlines.clear(three);
  deadlines.clear(three);
  CHECK(deadlines.due(Time{4}) == nullptr);
  CHECK(deadlines.due(Time{10}) == &one);
  CHECK(deadlines.due(Time{10}) == &two);
  CHECK(deadlines.due(Time{100}) == nullptr);
}

TEST_CASE("random events lose no task and hand none out twice", "[scheduler]") {
  const unsigned seed = GENERATE(take(20, random(0u, 1'000'000'000u)));
  INFO("seed " << seed);
  std::mt19937 random{seed};
  Scheduler scheduler;
  auto tasks = items(300);
  std::size_t submitted = 0;
  std::uint32_t last_worker = 0;
  std::map<Item*, WorkerId> running;
  std::map<std::uint32_t, std::uint32_t> capacity;
  std::size_t done = 0;
  const auto drop_worker = [&](std::uint32_t id) {
    for (auto it = running.begin(); it != running.end();) it = index_of(it->second) == id ? running.erase(it) : std::next(it);
    scheduler.worker_left(WorkerId{id});
    capacity.erase(id);
  };
  while (done < tasks.size()) {
    const Time later = now + Time{submitted * 1'000'000};
    switch (random() % 7) {
      case 0:
        if (submitted < tasks.size()) {
          tasks[submitted].priority = static_cast<std::int32_t>(random() % 3);
          tasks[submitted].kind = static_cast<std::uint16_t>(random() % 2);
          scheduler.submit(tasks[submitted++]);
        }
        break;
      case 5: {
        std::vector<Item*> returned;
        for (const auto& [item, worker] : random() % 2 ? scheduler.overdue(later) : scheduler.surplus()) {
          REQUIRE(running.at(item) == worker);
          if (random() % 2) continue;
          returned.push_back(item);
          running.erase(item);
        }
        scheduler.returned(returned, later);
        break;
      }
      case 6:
        if (!running.empty() && random() % 8 == 0) {
          const auto it = std::next(running.begin(), static_cast<std::ptrdiff_t>(random() % running.size()));
          const WorkerId worker = it->second;
          scheduler.abandon(*it->first, later);
          scheduler.submit_again(*it->first);
          running.erase(it);
          scheduler.release(worker);
        }
        break;
      case 1:
        if (capacity.size() < 5) {
          capacity[++last_worker] = 1 + random() % 4;
          const auto slots = static_cast<std::uint32_t>(1 + random() % capacity[last_worker]);
          const Time round_trip{random() % 2 * 500'000};
          scheduler.worker_joined(WorkerId{last_worker}, {slots, capacity[last_worker] - slots, round_trip});
        }
        break;
      case 2:
        if (!capacity.empty() && random() % 4 == 0)
          drop_worker(std::next(capacity.begin(), static_cast<std::ptrdiff_t>(random() % capacity.size()))->first);
        break;
      case 3:
        if (!running.empty()) {
          const auto it = std::next(running.begin(), static_cast<std::ptrdiff_t>(random() % running.size()));
          if (random() % 3 == 0) {
            CHECK(scheduler.lost(*it->first, later, 1000) == Verdict::run_again);
          } else if (random() % 5 == 0) {
            scheduler.again(*it->first, later);
          } else {
            scheduler.finished(*it->first, later, Time{1 + random() % 600'000});
            ++done;
          }
          running.erase(it);
        }
        break;
      default:
        while (const auto next = scheduler.next(later)) {
          REQUIRE(running.emplace(next->item, next->worker).second);
          std::uint32_t load = 0;
          for (const auto& [item, worker] : running) load += worker == next->worker;
          REQUIRE(load <= capacity.at(index_of(next->worker)));
        }
    }
    REQUIRE(scheduler.queued_count() + scheduler.assigned_count() + done == submitted);
    REQUIRE(scheduler.assigned_count() == running.size());
  }
}

TEST_CASE("a worker that is far away gets one task ahead, however long, once its kind was measured", "[scheduler]") {
  Scheduler scheduler;
  auto tasks = items(5);
  scheduler.worker_joined(a, {.slots = 1, .ahead = 10, .round_trip = std::chrono::microseconds{500}});
  for (auto& task : tasks) scheduler.submit(task);
  REQUIRE(scheduler.next(now)->item == &tasks[0]);
  CHECK_FALSE(scheduler.next(now));  // nobody knows how long it takes
  scheduler.finished(tasks[0], now, std::chrono::seconds{5});
  CHECK(scheduler.next(now)->item == &tasks[1]);
  CHECK(scheduler.next(now)->item == &tasks[2]);
  CHECK_FALSE(scheduler.next(now));
  scheduler.finished(tasks[1], now, std::chrono::seconds{5});
  CHECK(scheduler.next(now)->item == &tasks[3]);
  CHECK_FALSE(scheduler.next(now));
}

TEST_CASE("what lies ahead of one worker is asked back when another has nothing to do, once", "[scheduler]") {
  Scheduler scheduler;
  auto tasks = items(5);
  const Capacity far{.slots = 1, .ahead = 10, .round_trip = std::chrono::microseconds{500}};
  scheduler.worker_joined(a, far);
  scheduler.submit(tasks[0]);
  REQUIRE(scheduler.next(now));
  scheduler.finished(tasks[0], now, std::chrono::seconds{1});
  for (int i = 1; i <= 2; ++i) {
    scheduler.submit(tasks[static_cast<std::size_t>(i)]);
    REQUIRE(scheduler.next(now)->worker == a);
  }
  CHECK(scheduler.surplus().empty());  // nobody is idle
  scheduler.worker_joined(b, far);
  const auto surplus = scheduler.surplus();
  REQUIRE(surplus.size() == 1);
  CHECK(surplus[0].item == &tasks[2]);
  CHECK(surplus[0].worker == a);
  CHECK(scheduler.surplus().empty());
  scheduler.returned({&tasks[2]}, now);
  CHECK(tasks[2].attempt == 0);
  const auto next = scheduler.next(now);
  REQUIRE(next);
  CHECK(next->item == &tasks[2]);
  CHECK(next->worker == b);
  CHECK(tasks[2].attempt == 1);
  CHECK(scheduler.surplus().empty());
}

TEST_CASE("short tasks ahead are not worth asking back", "[scheduler]") {
  Scheduler scheduler;
  auto tasks = items(4);
  const Capacity far{.slots = 1, .ahead = 10, .round_trip = std::chrono::microseconds{500}};
  scheduler.worker_joined(a, far);
  scheduler.submit(tasks[0]);
  REQUIRE(scheduler.next(now));
  scheduler.finished(tasks[0], now, std::chrono::microseconds{10});
  for (int i = 1; i < 4; ++i) {
    scheduler.submit(tasks[static_cast<std::size_t>(i)]);
    REQUIRE(scheduler.next(now)->worker == a);
  }
  scheduler.worker_joined(b, far);
  CHECK(scheduler.surplus().empty());
}

TEST_CASE("a worker that joins after it was given a task has that task", "[scheduler]") {
  Scheduler scheduler;
  auto tasks = items(3);
  for (auto& task : tasks) scheduler.submit(task);
  scheduler.assign_front(b, now);
  scheduler.assign_front(a, now);
  scheduler.worker_joined(a, {2});
  CHECK(scheduler.busy_count() == 1);
  CHECK(scheduler.next(now)->item == &tasks[2]);
  CHECK_FALSE(scheduler.next(now));  // it has two now
  CHECK(tasks[1].attempt == 1);
  scheduler.finished(tasks[1], now);
  scheduler.finished(tasks[2], now);
  scheduler.finished(tasks[0], now);
  CHECK(scheduler.busy_count() == 0);
  CHECK(scheduler.assigned().empty());
  CHECK(scheduler.free_workers() == std::vector<WorkerId>{a});
}

TEST_CASE("a worker that leaves before it joined gives back what it was given", "[scheduler]") {
  Scheduler scheduler;
  auto tasks = items(3);
  for (auto& task : tasks) scheduler.submit(task);
  for (const WorkerId worker : {a, b, a}) scheduler.assign_front(worker, now);
  CHECK(scheduler.worker_left(a) == std::vector<Item*>{&tasks[0], &tasks[2]});
  CHECK(scheduler.assigned() == std::vector<Item*>{&tasks[1]});
  CHECK(scheduler.waiting() == std::vector<Item*>{&tasks[0], &tasks[2]});
  CHECK(scheduler.worker_left(any_worker).empty());
}

// Tasks for one worker

namespace {

/// Items whose kind is 100 or more are for one worker.
Terms name_by_kind(const Item& item) {
  static const std::string names[] = {"x", "y"};
  return {item.kind >= 100 ? &names[item.kind - 100] : nullptr, 0};
}
constexpr std::uint16_t for_x = 100, for_y = 101;

}  // namespace

TEST_CASE("a task that is for one worker goes there, and holds nobody up meanwhile", "[scheduler][named]") {
  Scheduler scheduler{{}, name_by_kind};
  auto tasks = items(4);
  tasks[0].kind = for_y;
  tasks[2].kind = for_x;
  scheduler.worker_joined(a, {1}, {"x", "x (process 2)"});
  for (auto& task : tasks) scheduler.submit(task);
  CHECK(scheduler.queued_count() == 4);
  CHECK(scheduler.missing() == std::vector<LaneKey>{{"y", 0}});
  CHECK(scheduler.waiting_for({"y", 0}) == std::vector<Item*>{&tasks[0]});
  CHECK(scheduler.next(now)->item == &tasks[1]);  // older than the one that is for a
  CHECK_FALSE(scheduler.next(now));
  scheduler.finished(tasks[1], now);
  CHECK(scheduler.next(now)->item == &tasks[2]);
  scheduler.worker_joined(b, {1}, {"y"});
  CHECK(scheduler.missing().empty());
  const auto next = scheduler.next(now);
  REQUIRE(next);
  CHECK(next->item == &tasks[0]);
  CHECK(next->worker == b);
  scheduler.finished(tasks[0], now);
  CHECK(scheduler.next(now)->item == &tasks[3]);
  CHECK(scheduler.queued_count() == 0);
}

TEST_CASE("a task for one worker comes back to it: after a fault, when recalled, and when its process is replaced",
          "[scheduler][named]") {
  Scheduler scheduler{{}, name_by_kind};
  auto tasks = items(2);
  tasks[0].kind = for_x;
  scheduler.worker_joined(a, {1}, {"x"});
  scheduler.worker_joined(b, {1}, {"y"});
  scheduler.submit(tasks[0]);
  for (int i = 0; i < 3; ++i) {
    INFO(i);
    REQUIRE(scheduler.next(now)->worker == a);
    CHECK_FALSE(scheduler.next(now));
    if (i == 0) scheduler.again(tasks[0], now);
    if (i == 1) scheduler.returned({&tasks[0]}, now);
    if (i == 2) CHECK(scheduler.lost(tasks[0], now, 3) == Verdict::run_again);
  }
  CHECK(scheduler.worker_left(a).empty());
  CHECK(scheduler.missing() == std::vector<LaneKey>{{"x", 0}});
  CHECK_FALSE(scheduler.next(now));
  scheduler.submit(tasks[1]);
  CHECK(scheduler.next(now)->worker == b);
  scheduler.worker_joined(c, {1}, {"x", "x (process 2)"});
  CHECK(scheduler.next(now)->worker == c);
  CHECK(scheduler.worker_left(c) == std::vector<Item*>{&tasks[0]});
  scheduler.withdraw(tasks[0], now);
  CHECK(scheduler.queued_count() == 0);
  CHECK(scheduler.missing().empty());
}

TEST_CASE("what lies ahead and is for that worker is not asked back for another that is idle", "[scheduler][named]") {
  Scheduler scheduler{{}, name_by_kind};
  auto tasks = items(4);
  tasks[2].kind = tasks[3].kind = for_x;
  for (Item* task : {&tasks[2], &tasks[0]}) {  // their kinds are known from now on
    scheduler.worker_joined(WorkerId{90U + task->kind}, {1}, {"x"});
    scheduler.submit(*task);
    REQUIRE(scheduler.next(now));
    scheduler.finished(*task, now, std::chrono::milliseconds{5});
    scheduler.worker_left(WorkerId{90U + task->kind});
    task->schedule = ItemState::idle;
  }
  const Time way = std::chrono::milliseconds{10};
  scheduler.worker_joined(a, {1, 2, way}, {"x"});
  for (Item* task : {&tasks[0], &tasks[2]}) scheduler.submit(*task);
  CHECK(scheduler.next(now)->item == &tasks[0]);
  CHECK(scheduler.next(now)->item == &tasks[2]);  // ahead
  scheduler.worker_joined(b, {1, 2, way}, {"y"});
  CHECK(scheduler.surplus().empty());
}

TEST_CASE("names that are not heeded are no matter: such tasks go in order, as all do", "[scheduler][named]") {
  Scheduler scheduler{{}, name_by_kind};
  auto tasks = items(3);
  tasks[1].kind = for_x;
  for (auto& task : tasks) scheduler.submit(task);
  CHECK(scheduler.after(tasks[0]) == &tasks[2]);
  scheduler.heed_terms(false);
  CHECK(scheduler.after(tasks[0]) == &tasks[1]);
  CHECK(scheduler.missing().empty());
  scheduler.heed_terms(true);
  CHECK(scheduler.after(tasks[0]) == &tasks[2]);
  CHECK(scheduler.waiting().size() == 3);
}

TEST_CASE("priorities hold between tasks for one worker and others", "[scheduler][named]") {
  Scheduler scheduler{{}, name_by_kind};
  auto tasks = items(3);
  tasks[0].kind = tasks[2].kind = for_x;
  tasks[1].priority = 1;
  tasks[2].priority = 2;
  scheduler.worker_joined(a, {1}, {"x"});
  for (auto& task : tasks) scheduler.submit(task);
  for (const std::size_t which : {2, 1, 0}) {
    const auto next = scheduler.next(now);
    REQUIRE(next);
    CHECK(next->item == &tasks[which]);
    scheduler.finished(tasks[which], now);
  }
}

TEST_CASE("a worker that is about to leave gets nothing more, and keeps what it has", "[scheduler]") {
  Scheduler scheduler;
  auto tasks = items(4);
  scheduler.worker_joined(a, {2});
  for (auto& task : tasks) scheduler.submit(task);
  CHECK(scheduler.next(now)->worker == a);
  scheduler.worker_leaves(c);  // nobody has that number
  scheduler.worker_leaves(a);
  scheduler.worker_leaves(a);
  CHECK_FALSE(scheduler.next(now));
  CHECK(scheduler.free_workers().empty());
  scheduler.worker_joined(b, {2});
  CHECK(scheduler.next(now)->worker == b);
  scheduler.finished(tasks[0], now);
  CHECK(scheduler.next(now)->worker == b);
  CHECK_FALSE(scheduler.next(now));  // the one that leaves has nothing to do, and still gets nothing
  CHECK(scheduler.worker_left(a).empty());
  scheduler.finished(tasks[1], now);
  CHECK(scheduler.next(now)->worker == b);
}

TEST_CASE("a worker that rests gets nothing, keeps what it has, and is given tasks again when it rests no more", "[scheduler]") {
  Scheduler scheduler;
  auto tasks = items(4);
  scheduler.worker_joined(a, {2});
  for (auto& task : tasks) scheduler.submit(task);
  CHECK(scheduler.next(now)->worker == a);
  scheduler.worker_rests(c, true);  // nobody has that number
  scheduler.worker_rests(a, true);
  scheduler.worker_rests(a, true);
  CHECK_FALSE(scheduler.next(now));
  CHECK(scheduler.free_workers().empty());
  CHECK(scheduler.unnamed_count() == 3);
  scheduler.finished(tasks[0], now);
  CHECK_FALSE(scheduler.next(now));
  scheduler.worker_rests(a, false);
  CHECK(scheduler.next(now)->worker == a);
  scheduler.worker_rests(a, true);
  scheduler.worker_leaves(a);
  scheduler.worker_rests(a, false);  // it leaves all the same
  CHECK_FALSE(scheduler.next(now));
  CHECK(scheduler.worker_left(a).size() == 1);
  scheduler.worker_joined(b, {4});
  for (int i = 0; i < 3; ++i) CHECK(scheduler.next(now)->worker == b);
}

TEST_CASE("it is known which worker at rest a task waits for: that of the first task", "[scheduler]") {
  static const std::string names[] = {"worker 1", "worker 2"};
  static const Item* first_item = nullptr;
  Scheduler scheduler{{}, [](const Item& item) { return Terms{.name = &names[&item != first_item]}; }};
  auto tasks = items(2);
  first_item = &tasks[1];
  scheduler.worker_joined(a, {1}, {names[0]});
  scheduler.worker_joined(b, {1}, {names[1]});
  for (auto& task : tasks) scheduler.submit(task);
  CHECK(scheduler.awaited_at_rest() == any_worker);
  scheduler.worker_rests(a, true);
  CHECK(scheduler.awaited_at_rest() == a);
  scheduler.worker_rests(b, true);
  CHECK(scheduler.awaited_at_rest() == b);  // its task is older
  CHECK(scheduler.missing().empty());
  CHECK(scheduler.unnamed_count() == 0);
  scheduler.worker_rests(b, false);
  CHECK(scheduler.next(now)->worker == b);
  CHECK_FALSE(scheduler.next(now));
  scheduler.worker_rests(a, false);
  CHECK(scheduler.awaited_at_rest() == any_worker);
  CHECK(scheduler.next(now)->worker == a);
}
