// The scheduler, stepped by hand: no thread, no socket, no clock.
#include <catch2/catch.hpp>

#include <deque>
#include <map>
#include <random>

#include "scheduler/scheduler.hpp"

using namespace mw;
using namespace mw::scheduler;

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
  CHECK(scheduler.next(now)->item == &tasks[1]);
  CHECK(scheduler.next(now)->item == &tasks[2]);
  CHECK(scheduler.next(now)->item == &tasks[0]);
  CHECK(scheduler.next(now)->item == &tasks[3]);
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
    switch (random() % 5) {
      case 0:
        if (submitted < tasks.size()) scheduler.submit(tasks[submitted++]);
        break;
      case 1:
        if (capacity.size() < 5) {
          capacity[++last_worker] = 1 + random() % 4;
          scheduler.worker_joined(WorkerId{last_worker}, {capacity[last_worker]});
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
            CHECK(scheduler.lost(*it->first, now, 1000) == Verdict::run_again);
          } else {
            scheduler.finished(*it->first, now);
            ++done;
          }
          running.erase(it);
        }
        break;
      default:
        while (const auto next = scheduler.next(now)) {
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
