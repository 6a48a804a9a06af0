// Tasks that need what not every worker has, stepped by hand.
#include <catch2/catch.hpp>

#include <deque>
#include <string>
#include <vector>

#include "scheduler/scheduler.hpp"

using namespace mw;
using namespace mw::scheduler;
using namespace std::chrono_literals;

namespace {

const WorkerId plain_1{1}, plain_2{2}, gpu_1{3}, gpu_2{4};
const Time noon{1'000'000'000};
const Resources one_gpu{.cores = 1, .gpus = {"0"}};

/// Kinds from 200 on: tasks of that class of needs. From 300 on: for the worker "x", too.
Terms terms_by_kind(const Item& item) {
  static const std::string x = "x";
  if (item.kind >= 300) return {&x, static_cast<NeedsClass>(item.kind - 300)};
  return {nullptr, static_cast<NeedsClass>(item.kind >= 200 ? item.kind - 200 : 0)};
}
constexpr std::uint16_t needs_gpu = 201, needs_cores = 202, gpu_of_x = 301;

/// Class 1 needs a GPU, class 2 needs two cores.
struct NeedsBench {
  explicit NeedsBench(std::size_t tasks) : items(tasks) {
    CHECK(scheduler.class_of({.gpus = 1}) == 1);
    CHECK(scheduler.class_of({.cores = 2}) == 2);
    CHECK(scheduler.class_of({.gpus = 1}) == 1);
    CHECK(scheduler.class_of({}) == 0);
  }
  void submit(std::size_t which, std::uint16_t kind = 0, std::int32_t priority = 0) {
    items[which].kind = kind;
    items[which].priority = priority;
    scheduler.submit(items[which]);
  }
  /// "task@worker" of all that can be given out.
  std::vector<std::string> all() {
    std::vector<std::string> list;
    while (const auto next = scheduler.next(noon)) list.push_back(text(*next));
    return list;
  }
  std::string text(const Assignment& one) const {
    std::size_t number = 0;
    while (&items[number] != one.item) ++number;
    return std::to_string(number) + "@" + std::to_string(index_of(one.worker));
  }
  /// From now on it is known how long this kind takes.
  void teach(std::uint16_t kind, Time takes) {
    Item item;
    item.kind = kind;
    scheduler.worker_joined(WorkerId{99}, {1}, {"x"}, {.cores = 64, .gpus = {"7"}});
    scheduler.submit(item);
    REQUIRE(scheduler.next(noon)->item == &item);
    scheduler.finished(item, noon, takes);
    scheduler.worker_left(WorkerId{99});
  }

  Scheduler scheduler{{}, terms_by_kind};
  std::deque<Item> items;
};

using Given = std::vector<std::string>;

}  // namespace

TEST_CASE("a worker meets needs when it has as much of everything, and every label", "[needs]") {
  const Resources has{.cores = 4, .memory = GiB(8), .gpus = {"0", "1"}, .labels = {"rack=3", "big"}};
  CHECK(meets(has, {}));
  CHECK(meets(has, {.cores = 4, .memory = GiB(8), .gpus = 2, .labels = {"big", "rack=3"}}));
  CHECK_FALSE(meets(has, {.cores = 5}));
  CHECK_FALSE(meets(has, {.memory = GiB(8) + 1}));
  CHECK_FALSE(meets(has, {.gpus = 3}));
  CHECK_FALSE(meets(has, {.labels = {"big", "rack=4"}}));
  CHECK_FALSE(meets({}, {.memory = 1}));  // not known
}

TEST_CASE("a task with needs goes where they are met, and holds nobody up meanwhile", "[scheduler][needs]") {
  NeedsBench bench{3};
  bench.scheduler.worker_joined(plain_1, {1});
  bench.submit(0, needs_gpu);
  bench.submit(1);
  CHECK(bench.all() == Given{"1@1"});
  CHECK(bench.scheduler.missing() == std::vector<LaneKey>{{"", 1}});
  CHECK(bench.scheduler.queued_count() == 1);
  bench.scheduler.worker_joined(gpu_1, {1}, {}, one_gpu);
  CHECK(bench.scheduler.missing().empty());
  CHECK(bench.all() == Given{"0@3"});
  CHECK(bench.scheduler.queued_count() == 0);
}

TEST_CASE("tasks without needs go to workers that are good for nothing else, while there are such", "[scheduler][needs]") {
  NeedsBench bench{5};
  bench.scheduler.worker_joined(gpu_1, {1}, {}, one_gpu);
  bench.scheduler.worker_joined(plain_1, {1});
  bench.scheduler.worker_joined(gpu_2, {1}, {}, one_gpu);
  bench.scheduler.worker_joined(plain_2, {1});
  bench.submit(0);
  bench.submit(1);
  auto given = bench.all();
  std::sort(given.begin(), given.end(), [](const auto& one, const auto& other) { return one.substr(1) < other.substr(1); });
  CHECK(given.size() == 2);
  CHECK(given[0].substr(1) == "@1");
  CHECK(given[1].substr(1) == "@2");
  bench.submit(2);
  bench.submit(3, needs_gpu);
  bench.submit(4, needs_gpu);  // both have places: the older one without needs waits for another
  given = bench.all();
  CHECK(given.size() == 2);
  for (const auto& one : given) CHECK(one.front() != '2');
  CHECK(bench.scheduler.front() == &bench.items[2]);
}

TEST_CASE("of equal priority, those that few workers can run go first, and a higher priority before all", "[scheduler][needs]") {
  NeedsBench bench{4};
  bench.scheduler.worker_joined(plain_1, {1}, {}, {.cores = 2});
  bench.scheduler.worker_joined(plain_2, {1});
  bench.scheduler.worker_joined(gpu_1, {1}, {}, {.cores = 2, .gpus = {"0"}});
  bench.submit(0, 0, 1);
  bench.submit(1, needs_cores);
  bench.submit(2, needs_gpu);
  bench.submit(3, needs_cores);
  // The first goes to the one that can do least; of the others, the youngest is the one that has to wait.
  CHECK(bench.all() == Given{"0@2", "2@3", "1@1"});
  bench.scheduler.finished(bench.items[2], noon);
  CHECK(bench.all() == Given{"3@3"});
}

TEST_CASE("where all workers meet the needs, tasks go in the order in which they came", "[scheduler][needs]") {
  NeedsBench bench{4};
  bench.scheduler.worker_joined(gpu_1, {1}, {}, one_gpu);
  bench.submit(0);
  bench.submit(1, needs_gpu);
  bench.submit(2);
  bench.submit(3, needs_gpu);
  for (const std::size_t which : {0, 1, 2, 3}) {
    REQUIRE(bench.scheduler.next(noon)->item == &bench.items[which]);
    CHECK_FALSE(bench.scheduler.next(noon));
    bench.scheduler.finished(bench.items[which], noon);
  }
}

TEST_CASE("a task with needs comes back to those who meet them: after a fault, a loss, a recall, and when they leave",
          "[scheduler][needs]") {
  NeedsBench bench{1};
  Scheduler& scheduler = bench.scheduler;
  Item& task = bench.items[0];
  scheduler.worker_joined(plain_1, {1});
  scheduler.worker_joined(gpu_1, {1}, {}, one_gpu);
  bench.submit(0, needs_gpu);
  for (int i = 0; i < 3; ++i) {
    INFO(i);
    CHECK(bench.all() == Given{"0@3"});
    if (i == 0) scheduler.again(task, noon);
    if (i == 1) scheduler.returned({&task}, noon);
    if (i == 2) CHECK(scheduler.lost(task, noon, 3) == Verdict::run_again);
  }
  scheduler.worker_leaves(gpu_1);
  CHECK(scheduler.missing() == std::vector<LaneKey>{{"", 1}});
  CHECK(scheduler.worker_left(gpu_1).empty());
  CHECK_FALSE(scheduler.next(noon));
  scheduler.worker_joined(gpu_2, {1}, {}, one_gpu);
  CHECK(bench.all() == Given{"0@4"});
  CHECK(scheduler.worker_left(gpu_2) == std::vector<Item*>{&task});
  scheduler.withdraw(task, noon);
  CHECK(scheduler.queued_count() == 0);
  CHECK(scheduler.missing().empty());
}

TEST_CASE("a task for one worker by its name waits until that one has what it needs", "[scheduler][needs][named]") {
  NeedsBench bench{1};
  bench.scheduler.worker_joined(plain_1, {1}, {"x"});
  bench.scheduler.worker_joined(gpu_1, {1}, {"y"}, one_gpu);
  bench.submit(0, gpu_of_x);
  CHECK_FALSE(bench.scheduler.next(noon));
  CHECK(bench.scheduler.missing() == std::vector<LaneKey>{{"x", 1}});
  bench.scheduler.worker_joined(gpu_2, {1}, {"x"}, one_gpu);
  CHECK(bench.all() == Given{"0@4"});
}

TEST_CASE("short tasks with needs lie ahead of their workers, and are recalled for another that meets them and is idle",
          "[scheduler][needs]") {
  NeedsBench bench{4};
  bench.teach(needs_gpu, 50ms);
  const Time way = 10ms;
  bench.scheduler.worker_joined(gpu_1, {1, 2, way}, {}, one_gpu);
  bench.submit(0, needs_gpu);
  bench.submit(1, needs_gpu);
  CHECK(bench.all() == Given{"0@3", "1@3"});  // one of any known length lies ahead
  bench.scheduler.worker_joined(plain_1, {1, 2, way});
  CHECK(bench.scheduler.surplus().empty());
  bench.scheduler.worker_joined(gpu_2, {1, 2, way}, {}, one_gpu);
  const auto back = bench.scheduler.surplus();
  REQUIRE(back.size() == 1);
  CHECK(bench.text(back[0]) == "1@3");
  bench.scheduler.returned({back[0].item}, noon);
  CHECK(bench.all() == Given{"1@4"});
}

TEST_CASE("nothing without needs is put behind a task on a worker that others wait for", "[scheduler][needs]") {
  NeedsBench bench{5};
  bench.teach(0, 50ms);
  bench.teach(needs_gpu, 60ms);
  const Time way = 10ms;
  bench.scheduler.worker_joined(plain_1, {1, 0, way});
  bench.scheduler.worker_joined(gpu_1, {1, 1, way}, {}, one_gpu);
  for (const std::size_t which : {0, 1, 2}) bench.submit(which, needs_gpu);
  bench.submit(3);
  bench.submit(4);
  CHECK(bench.all() == Given{"0@3", "1@3", "3@1"});
  bench.scheduler.finished(bench.items[0], noon + 60ms, 60ms);
  CHECK(bench.all() == Given{"2@3"});
  bench.scheduler.finished(bench.items[1], noon + 120ms, 60ms);
  CHECK(bench.all() == Given{"4@3"});  // nobody waits for that place any more
}

TEST_CASE("long tasks among those with the same needs are begun early", "[scheduler][needs]") {
  NeedsBench bench{12};
  // Two kinds with the needs of class 1: terms_by_kind knows one, so both have a function of their own here.
  Scheduler scheduler{{}, [](const Item&) { return Terms{nullptr, 1}; }};
  scheduler.class_of({.gpus = 1});
  Item known[2];
  scheduler.worker_joined(WorkerId{99}, {1}, {}, one_gpu);
  for (const std::uint16_t kind : {std::uint16_t{0}, std::uint16_t{1}}) {
    known[kind].kind = kind;
    scheduler.submit(known[kind]);
    REQUIRE(scheduler.next(noon));
    scheduler.finished(known[kind], noon, kind == 0 ? 10ms : 100ms);
  }
  scheduler.worker_left(WorkerId{99});
  scheduler.worker_joined(plain_1, {1});
  for (std::size_t i = 0; i < 12; ++i) {
    bench.items[i].kind = static_cast<std::uint16_t>(i == 11);
    scheduler.submit(bench.items[i]);
  }
  CHECK_FALSE(scheduler.next(noon));
  for (const WorkerId worker : {gpu_1, gpu_2}) scheduler.worker_joined(worker, {1}, {}, one_gpu);
  std::vector<Item*> first;
  while (const auto next = scheduler.next(noon)) first.push_back(next->item);
  REQUIRE(first.size() == 2);
  CHECK((first[0] == &bench.items[11] || first[1] == &bench.items[11]));
}

TEST_CASE("needs that are not heeded are no matter", "[scheduler][needs]") {
  NeedsBench bench{2};
  bench.scheduler.heed_terms(false);
  bench.submit(0, needs_gpu);
  bench.submit(1);
  CHECK(bench.scheduler.missing().empty());
  CHECK(bench.scheduler.front() == &bench.items[0]);
  CHECK(bench.scheduler.after(bench.items[0]) == &bench.items[1]);
  CHECK(bench.scheduler.unnamed_queues().size() == 1);
  bench.scheduler.heed_terms(true);
  CHECK(bench.scheduler.front() == &bench.items[1]);
  CHECK(bench.scheduler.unnamed_queues().size() == 2);
}

TEST_CASE("of many workers the few that meet the needs are found, and the other way round", "[scheduler][needs]") {
  NeedsBench bench{40};
  for (std::uint32_t i = 1; i <= 20; ++i)
    bench.scheduler.worker_joined(
        WorkerId{i}, {1}, {},
        {.cores = i == 7 ? 1U : 2U, .gpus = i % 10 == 0 ? std::vector<std::string>{"0"} : std::vector<std::string>{}});
  for (std::size_t i = 0; i < 3; ++i) bench.submit(i, needs_gpu);
  for (std::size_t i = 3; i < 40; ++i) bench.submit(i, needs_cores);
  const auto given = bench.all();
  CHECK(given.size() == 19);
  for (const auto& one : given) CHECK_FALSE(one.ends_with("@7"));
  CHECK(bench.scheduler.free_workers() == std::vector<WorkerId>{WorkerId{7}});
  CHECK(bench.scheduler.is_met_by(1, WorkerId{20}));
  CHECK_FALSE(bench.scheduler.is_met_by(2, WorkerId{7}));
  CHECK_FALSE(bench.scheduler.is_met_by(1, WorkerId{50}));
}
