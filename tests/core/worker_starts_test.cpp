// Workers in their start function, stepped by hand.
#include <catch2/catch.hpp>

#include <memory>
#include <optional>

#include <mw/detail/task_access.hpp>

#include "core/machine.hpp"
#include "core/worker_starts.hpp"

using namespace mw;
using namespace mw::core;

namespace {

int start_of_workers(int value) { return value; }

struct StartBench {
  boost::intrusive_ptr<detail::WorkerDirectory> directory{new detail::WorkerDirectory{{"worker", "host"}}};
  WorkerStarts starts{{&detail::Registered<start_of_workers>::checked(), {nullptr}}, *directory};
  WorkerInfo info{.name = "w", .host = "pi1", .slots = 2};

  std::optional<TaskRef> begin(WorkerId worker) { return starts.begin(worker, info) ? starts.due(worker) : std::nullopt; }
};

}  // namespace

TEST_CASE("a worker is ready when its start call is done, and has a new name for it to the interface", "[core][start]") {
  StartBench bench;
  CHECK(bench.starts.has_call());
  const auto task = bench.begin(WorkerId{1});
  REQUIRE(task);
  CHECK(TaskAccess::is_start(*task));
  CHECK(TaskAccess::start_values(*task) == 1);
  CHECK(task->options().name.find("start function ") == 0);
  CHECK(bench.starts.is_one(*task));
  REQUIRE(bench.starts.reports().size() == 1);
  CHECK(bench.starts.reports()[0].state == WorkerState::starting);
  const auto other = bench.begin(WorkerId{2});
  REQUIRE(other);
  CHECK(other->id() != task->id());
  const auto started = bench.starts.finished(*task, {});
  REQUIRE(started);
  CHECK(started->worker == WorkerId{1});
  CHECK(started->info.slots == 2);
  CHECK_FALSE(bench.starts.is_one(*task));
  CHECK_FALSE(bench.starts.finished(*task, {}));
  CHECK_FALSE(bench.starts.has_failed());
}

TEST_CASE("a worker in which the start call fails is of no use until a successor fares better", "[core][start]") {
  StartBench bench;
  const auto task = bench.begin(WorkerId{1});
  CHECK_FALSE(bench.starts.finished(*task, failed(Cause::worker_start, "no table")));
  CHECK(bench.starts.has_failed());
  CHECK(bench.starts.failed_slots() == 2);
  CHECK(bench.starts.first_failure() == "w: no table");
  REQUIRE(bench.starts.reports().size() == 1);
  CHECK(bench.starts.reports()[0].state == WorkerState::not_started);
  CHECK(bench.starts.reports()[0].note == "no table");
  CHECK(bench.starts.finished(*bench.begin(WorkerId{2}), {}));
  CHECK_FALSE(bench.starts.has_failed());
}

TEST_CASE("a worker whose processes die in the start call is started three times", "[core][start]") {
  StartBench bench;
  for (std::uint32_t i = 1; i <= WorkerStarts::most_deaths; ++i) {
    CHECK_FALSE(bench.starts.has_failed());
    REQUIRE(bench.starts.begin(WorkerId{i}, bench.info));
    bench.starts.left(WorkerId{i}, "signal 11");
  }
  CHECK(bench.starts.first_failure().find("w: 3 of its processes died in the start function") == 0);
  CHECK_FALSE(bench.starts.begin(WorkerId{9}, bench.info));
  // One that goes for another reason is no death; another worker has nothing to do with it.
  bench.info.name = "v";
  for (std::uint32_t i = 20; i < 30; ++i) {
    REQUIRE(bench.starts.begin(WorkerId{i}, bench.info));
    bench.starts.left(WorkerId{i}, std::nullopt);
  }
  CHECK(bench.starts.failed_slots() == 2);
  bench.starts.clear();
  CHECK_FALSE(bench.starts.has_failed());
  CHECK(bench.starts.empty());
}

TEST_CASE("a worker that rests makes its start call when it rests no more, and one that gave the call back gets it again",
          "[core][start]") {
  StartBench bench;
  const WorkerId worker{1};
  CHECK_FALSE(bench.starts.rest(worker, true));  // nobody has that number
  REQUIRE(bench.starts.begin(worker, bench.info));
  CHECK(bench.starts.rest(worker, true));
  CHECK_FALSE(bench.starts.due(worker));
  CHECK(bench.starts.waiting() == worker);
  CHECK(bench.starts.rest(worker, false));
  const auto task = bench.starts.due(worker);
  REQUIRE(task);
  CHECK_FALSE(bench.starts.due(worker));  // it has it
  CHECK(bench.starts.waiting() == any_worker);
  CHECK(bench.starts.rest(worker, true));
  CHECK(bench.starts.returned(*task) == worker);
  CHECK_FALSE(bench.starts.due(worker));
  CHECK(bench.starts.rest(worker, false));
  const auto again = bench.starts.due(worker);
  REQUIRE(again);
  CHECK(*again == *task);
  bench.starts.rest(worker, true);
  const auto started = bench.starts.finished(*again, {});
  REQUIRE(started);
  CHECK(started->rests);
}
