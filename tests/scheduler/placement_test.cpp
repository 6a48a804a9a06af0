// Which worker is next: by speed, or each in turn.
#include <catch2/catch.hpp>

#include <deque>
#include <vector>

#include "scheduler/scheduler.hpp"

using namespace mw;
using namespace mw::scheduler;
using namespace std::chrono_literals;

namespace {

const Time at_first{1'000'000'000};

std::vector<std::uint32_t> workers_of_next(Scheduler& scheduler, Time when) {
  std::vector<std::uint32_t> workers;
  while (const auto next = scheduler.next(when)) workers.push_back(index_of(next->worker));
  return workers;
}

}  // namespace

TEST_CASE("round robin: each worker in turn, and the one behind the last when the first is free again", "[scheduler][placement]") {
  Scheduler scheduler{{.placement = Placement::round_robin}};
  std::deque<Item> tasks(10);
  for (std::uint32_t i = 1; i <= 3; ++i) scheduler.worker_joined(WorkerId{i}, {1});
  for (std::size_t i = 0; i < 3; ++i) scheduler.submit(tasks[i]);
  CHECK(workers_of_next(scheduler, at_first) == std::vector<std::uint32_t>{1, 2, 3});
  for (std::size_t i = 0; i < 3; ++i) scheduler.finished(tasks[i], at_first, 1ms);
  for (std::size_t i = 3; i < 5; ++i) scheduler.submit(tasks[i]);
  CHECK(workers_of_next(scheduler, at_first) == std::vector<std::uint32_t>{1, 2});
  for (std::size_t i = 3; i < 5; ++i) scheduler.finished(tasks[i], at_first, 1ms);
  for (std::size_t i = 5; i < 8; ++i) scheduler.submit(tasks[i]);
  CHECK(workers_of_next(scheduler, at_first) == std::vector<std::uint32_t>{3, 1, 2});
}

TEST_CASE("round robin takes no heed of a worker's speed, and by speed, a slow one gets none of the last tasks",
          "[scheduler][placement]") {
  const auto takes = [](Placement placement) {
    Scheduler scheduler{{.placement = placement}};
    std::deque<Item> tasks(44);
    for (std::uint32_t i = 1; i <= 4; ++i) scheduler.worker_joined(WorkerId{i}, {1, 0, 1us});
    Time when = at_first;
    for (std::size_t i = 0; i < 40; ++i) {
      const auto worker = static_cast<std::uint32_t>(i % 4 + 1);
      const Time each = worker == 4 ? 100ms : 10ms;
      scheduler.submit(tasks[i]);
      scheduler.assign(tasks[i], WorkerId{worker}, when);
      when += each;
      scheduler.finished(tasks[i], when, each);
    }
    for (std::size_t i = 40; i < 44; ++i) scheduler.submit(tasks[i]);
    return workers_of_next(scheduler, when).size();
  };
  CHECK(takes(Placement::round_robin) == 4);
  CHECK(takes(Placement::by_speed) == 3);
}
