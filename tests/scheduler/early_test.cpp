// Long tasks behind short ones are begun in time: whole runs in virtual time.
#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <deque>
#include <functional>
#include <queue>
#include <random>
#include <vector>

#include "scheduler/scheduler.hpp"
#include "support/amount.hpp"

using namespace mw::scheduler;
using namespace std::chrono_literals;
using mw::WorkerId;

namespace {

/// So many tasks of one kind, each of which takes so long.
struct Batch {
  std::uint16_t kind;
  std::size_t tasks;
  Time each;
};

struct SimulatedTask : Item {
  Time takes{0};
};

/// Workers that begin a task when they are given it, and nothing else; what it takes them to do all that was submitted.
class VirtualRun {
 public:
  explicit VirtualRun(std::uint32_t workers, std::uint32_t ahead = 0) {
    for (std::uint32_t i = 1; i <= workers; ++i) scheduler_.worker_joined(WorkerId{i}, {.slots = 1, .ahead = ahead});
    free_at_.resize(workers + 1);
  }

  void submit(const Batch& batch) {
    for (std::size_t i = 0; i < batch.tasks; ++i) {
      SimulatedTask& task = tasks_.emplace_back();
      task.kind = batch.kind;
      task.takes = batch.each;
      scheduler_.submit(task);
    }
  }
  Time makespan() {
    give_out();
    while (!ends_.empty()) {
      const auto [when, task] = ends_.top();
      ends_.pop();
      now_ = when;
      order_.push_back(task);
      scheduler_.finished(*task, now_, task->takes);
      give_out();
    }
    return now_;
  }
  const std::vector<SimulatedTask*>& order() const { return order_; }
  std::deque<SimulatedTask>& tasks() { return tasks_; }

 private:
  void give_out() {
    while (const auto next = scheduler_.next(now_)) {
      auto* const task = static_cast<SimulatedTask*>(next->item);
      Time& free_at = free_at_[index_of(next->worker)];
      free_at = std::max(free_at, now_) + task->takes;
      ends_.push({free_at, task});
    }
  }

  Scheduler scheduler_;
  Time now_{1s};
  std::deque<SimulatedTask> tasks_;
  std::vector<Time> free_at_;
  using End = std::pair<Time, SimulatedTask*>;
  std::priority_queue<End, std::vector<End>, std::greater<>> ends_;
  std::vector<SimulatedTask*> order_;
};

/// How long it takes if the longest ones go first, which is never more than 4/3 of the least time there is (Graham).
Time longest_first(std::vector<Batch> batches, std::size_t workers) {
  std::sort(batches.begin(), batches.end(), [](const Batch& a, const Batch& b) { return a.each > b.each; });
  std::priority_queue<Time, std::vector<Time>, std::greater<>> ends;
  for (std::size_t i = 0; i < workers; ++i) ends.push(Time{0});
  Time last{0};
  for (const Batch& batch : batches)
    for (std::size_t i = 0; i < batch.tasks; ++i) {
      const Time end = ends.top() + batch.each;
      ends.pop();
      ends.push(end);
      last = std::max(last, end);
    }
  return last;
}

double ratio_of(const std::vector<Batch>& batches, std::uint32_t workers, std::uint32_t ahead) {
  VirtualRun run{workers, ahead};
  for (const Batch& batch : batches) run.submit(batch);
  const Time took = run.makespan() - Time{1s};
  return static_cast<double>(took.count()) / static_cast<double>(longest_first(batches, workers).count());
}

}  // namespace

TEST_CASE("three long tasks behind thousands of short ones do not hold the end up", "[scheduler][early]") {
  const auto workers = GENERATE(2u, 3u, 4u, 5u, 8u, 16u);
  const auto ahead = GENERATE(0u, 100u);
  INFO(workers << " workers, " << ahead << " ahead");
  CHECK(ratio_of({{1, 5'000, 100us}, {2, 3, 800ms}}, workers, ahead) <= 1.15);
  CHECK(ratio_of({{1, 5'000, 100us}, {2, 3, 8ms}}, workers, ahead) <= 1.15);
  if (test::is_sanitized) return;  // which would take half a minute for so many
  CHECK(ratio_of({{1, 50'000, 100us}, {2, 40, 100ms}, {3, 1, 800ms}}, workers, ahead) <= 1.15);
}

TEST_CASE("whatever is behind what, the end comes in time", "[scheduler][early]") {
  std::mt19937 random{Catch::rngSeed()};
  for (int round = 0; round < test::amount(300, 60); ++round) {
    std::vector<Batch> batches;
    const auto kinds = std::uniform_int_distribution<std::uint16_t>{2, 5}(random);
    for (std::uint16_t kind = 1; kind <= kinds; ++kind) {
      const Time each{static_cast<std::int64_t>(std::exp(std::uniform_real_distribution<>{10, 20}(random)))};
      batches.push_back({kind, std::uniform_int_distribution<std::size_t>{1, 400}(random), each});
    }
    const auto workers = std::uniform_int_distribution<std::uint32_t>{2, 16}(random);
    INFO("seed " << Catch::rngSeed() << ", round " << round << ", " << workers << " workers");
    // The first of a kind has to run before anybody knows how long it takes: no order is right then.
    CHECK(ratio_of(batches, workers, 0) <= 1.5);
  }
}

TEST_CASE("long tasks wait as long as they can: those that were submitted first come first", "[scheduler][early]") {
  VirtualRun run{2};
  run.submit({2, 1, 10ms});  // how long it takes is known
  run.submit({1, 10'000, 1ms});
  run.submit({2, 3, 10ms});
  run.makespan();
  const auto& order = run.order();
  const auto first_long = std::find_if(order.begin() + 1, order.end(), [&](const SimulatedTask* task) { return task->kind == 2; });
  CHECK(first_long - order.begin() < 20);  // the one that was submitted first
  const auto second_long = std::find_if(first_long + 1, order.end(), [](const SimulatedTask* task) { return task->kind == 2; });
  CHECK(second_long - order.begin() > 9'900);
}

TEST_CASE("the first task of a kind that nobody knows goes early, the others of it wait", "[scheduler][early]") {
  Scheduler scheduler;
  for (std::uint32_t i = 1; i <= 3; ++i) scheduler.worker_joined(WorkerId{i}, {.slots = 1});
  std::deque<Item> items(8);
  for (std::size_t i = 0; i < items.size(); ++i) items[i].kind = i < 6 ? 1 : 2;
  for (Item& item : items) scheduler.submit(item);
  std::vector<std::uint16_t> kinds;
  while (const auto next = scheduler.next(1s)) kinds.push_back(next->item->kind);
  CHECK(kinds == std::vector<std::uint16_t>{2, 1, 1});
}

TEST_CASE("one worker keeps to the order of submission", "[scheduler][early]") {
  VirtualRun run{1};
  run.submit({1, 50, 1ms});
  run.submit({2, 2, 100ms});
  run.submit({1, 50, 1ms});
  run.submit({3, 1, 1s});
  run.makespan();
  std::vector<SimulatedTask*> submitted;
  for (SimulatedTask& task : run.tasks()) submitted.push_back(&task);
  CHECK(run.order() == submitted);
}

TEST_CASE("a higher priority goes before whatever is long", "[scheduler][early]") {
  Scheduler scheduler;
  for (std::uint32_t i = 1; i <= 2; ++i) scheduler.worker_joined(WorkerId{i}, {.slots = 1});
  std::deque<Item> items(4);
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i].kind = static_cast<std::uint16_t>(i % 2);
    items[i].priority = i < 2 ? 0 : 1;
    scheduler.submit(items[i]);
  }
  CHECK(scheduler.next(1s)->item->priority == 1);
  CHECK(scheduler.next(1s)->item->priority == 1);
}
