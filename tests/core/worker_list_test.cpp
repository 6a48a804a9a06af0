// The list of workers, on a task machine that is stepped by hand.
#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <mw/detail/task_access.hpp>

#include "core/machine.hpp"
#include "core/worker_list.hpp"

using namespace mw;
using namespace mw::core;
using namespace std::chrono_literals;

namespace {

int listed(int value) { return value; }

Moment moment(std::chrono::nanoseconds time) { return {time.count(), time}; }

class ListBench {
 public:
  ListBench() {
    machine.add_observer(list);
    machine.interface_started();
  }
  ~ListBench() {
    machine.end_all("the test is over", {});
    while (machine.take_ended()) continue;
  }

  WorkerId join(const WorkerInfo& info) {
    const WorkerId worker = directory->add({info.name, info.host});
    machine.worker_joined(worker, info, moment(3ms));
    return worker;
  }
  void submit(TaskOptions options = {}) {
    RecordPtr record{new TaskRecord{detail::Registered<listed>::checked(), Bytes{}, *directory}, false};
    record->id = ++tasks;
    auto extra = std::make_unique<detail::TaskExtra>();
    extra->options = std::move(options);
    record->extra = extra.release();
    machine.submit(*record.detach(), moment(3ms));
  }
  /// The next task, which its worker has begun.
  TaskRef begin() {
    REQUIRE(machine.begin_round(moment(4ms)));
    const auto next = machine.next(moment(4ms));
    REQUIRE(next);
    machine.started(next->task, next->worker, moment(4ms));
    return next->task;
  }
  WorkerStatus only(const std::vector<WorkerReport>& reports = {}) const {
    const auto statuses = list.statuses(reports, {});
    REQUIRE(statuses.size() == 1);
    return statuses.front();
  }

  const boost::intrusive_ptr<detail::WorkerDirectory> directory{new detail::WorkerDirectory{{"local worker", "here"}}};
  WorkerList list{*directory, 0};
  TaskMachine machine{*directory};
  std::uint64_t tasks = 0;
};

Outcome after(std::chrono::nanoseconds run_time) {
  Outcome outcome;
  outcome.run_time = run_time;
  return outcome;
}

std::vector<LostTask> killed(const TaskRef& task) {
  std::vector<LostTask> lost;
  lost.push_back({task, failed(Cause::signal, "its worker was killed")});
  return lost;
}

}  // namespace

TEST_CASE("the list has what a worker said of itself, what it runs, and what it has done", "[core][workers]") {
  ListBench bench;
  bench.join({.name = "w 1", .host = "pi1", .slots = 2, .platform = "Linux-x86_64", .version = "7", .pid = 17});
  WorkerStatus one = bench.only();
  CHECK(one.name == "w 1");
  CHECK(one.host == "pi1");
  CHECK(one.platform == "Linux-x86_64");
  CHECK(one.version == "7");
  CHECK(one.pid == 17);
  CHECK(one.slots == 2);
  CHECK(one.state == WorkerState::idle);
  CHECK(one.ready_after == 3ms);
  bench.submit({.name = "the eels"});
  bench.submit();
  const TaskRef first = bench.begin(), second = bench.begin();
  one = bench.only();
  CHECK(one.state == WorkerState::busy);
  REQUIRE(one.running.size() == 2);
  CHECK(one.running[0].id == 1);
  CHECK(one.running[0].name == "the eels");
  CHECK(one.done == 0);
  bench.machine.finished(first, after(5ms), moment(9ms));
  CHECK(bench.only().running.size() == 1);
  bench.machine.finished(second, after(7ms), moment(11ms));
  one = bench.only();
  CHECK(one.state == WorkerState::idle);
  CHECK(one.done == 2);
  CHECK(one.busy_time == 12ms);
}

TEST_CASE("run times beyond all measure make a busy time that is as long as can be, and never below 0", "[core][workers]") {
  ListBench bench;
  bench.join({.name = "w"});
  for (const auto time : {std::chrono::nanoseconds::max(), std::chrono::nanoseconds::max(), std::chrono::nanoseconds{-5}}) {
    bench.submit();
    bench.machine.finished(bench.begin(), after(time), moment(5ms));
  }
  CHECK(bench.only().busy_time == std::chrono::nanoseconds::max());
}

TEST_CASE("a failure of a task's own is done, and so is what ran out of time, and what was cancelled or came back is not",
          "[core][workers]") {
  ListBench bench;
  const WorkerId worker = bench.join({.name = "w"});
  bench.submit({.retries = 1});
  bench.machine.finished(bench.begin(), failed(Cause::exception, "it threw"), moment(5ms));
  CHECK(bench.only().done == 1);
  bench.machine.finished(bench.begin(), failed(Cause::exception, "it threw"), moment(5ms));
  CHECK(bench.only().done == 2);
  bench.submit({.hard_limit = 10ms});
  const TaskRef slow = bench.begin();
  bench.machine.time_passed(moment(20ms));
  CHECK(bench.only().done == 3);
  CHECK(bench.only().busy_time == 16ms);
  CHECK(bench.only().running.empty());
  bench.machine.stopped(slow);
  bench.submit();
  const TaskRef cancelled = bench.begin();
  bench.machine.cancel(*TaskAccess::record(cancelled), moment(21ms));
  bench.machine.stopped(cancelled);
  bench.submit();
  bench.machine.returned(bench.begin(), moment(22ms));
  CHECK(bench.only().done == 3);
  CHECK(bench.only().lost == 0);
  CHECK(bench.only().running.empty());
  bench.machine.worker_left(worker, {}, moment(23ms));
  CHECK(bench.only().state == WorkerState::left);
}

TEST_CASE("a worker that was lost and its successor are one, and another of that name beside it is not", "[core][workers]") {
  ListBench bench;
  const WorkerId first = bench.join({.name = "w", .pid = 1});
  bench.submit();
  const TaskRef task = bench.begin();
  bench.machine.worker_left(first, killed(task), moment(5ms));
  CHECK(bench.only().state == WorkerState::lost);
  CHECK(bench.only().lost == 1);
  CHECK(bench.only({{.name = "w", .state = WorkerState::starting}}).state == WorkerState::starting);
  bench.join({.name = "w", .pid = 2});
  CHECK(bench.only().state == WorkerState::idle);
  CHECK(bench.only().pid == 2);
  bench.machine.finished(bench.begin(), after(1ms), moment(6ms));
  CHECK(bench.only().lost == 1);
  CHECK(bench.only().done == 1);
  bench.join({.name = "w", .pid = 3});
  CHECK(bench.list.statuses({}, {}).size() == 2);
  CHECK(bench.list.statuses({{.name = "w"}}, {}).size() == 2);
}

TEST_CASE("an interface adds workers that have not joined, and says what it alone knows of the others", "[core][workers]") {
  ListBench bench;
  bench.join({.name = "w 1", .host = "pi1"});
  const auto statuses = bench.list.statuses({{.name = "w 1", .state = WorkerState::stopped, .note = "in task 7"},
                                             {.name = "w 2", .host = "pi2", .state = WorkerState::not_started, .note = "no disk"}},
                                            {});
  REQUIRE(statuses.size() == 2);
  CHECK(statuses[0].state == WorkerState::stopped);
  CHECK(statuses[0].note == "in task 7");
  CHECK(statuses[0].host == "pi1");
  CHECK(statuses[1].state == WorkerState::not_started);
  CHECK(statuses[1].host == "pi2");
  CHECK(statuses[1].note == "no disk");
}

TEST_CASE("what runs nowhere in particular is done by one that stands for the interface", "[core][workers]") {
  ListBench bench;
  CHECK(bench.list.statuses({}, {}).empty());
  bench.submit();
  REQUIRE(bench.machine.begin_round(moment(1ms)));
  const Handed handed = bench.machine.assign(*bench.machine.first_waiting(), any_worker, moment(1ms));
  bench.machine.finished(handed.task, after(1ms), moment(2ms));
  CHECK(bench.only().name == "local worker");
  CHECK(bench.only().done == 1);
}

TEST_CASE("cores are counted once for each host, and not where everybody has left", "[core][workers]") {
  ListBench bench;
  CHECK(bench.list.cores() == 0);
  bench.join({.name = "a", .host = "pi1", .cores = 4});
  bench.join({.name = "b", .host = "pi1", .cores = 4});
  const WorkerId third = bench.join({.name = "c", .host = "pi2", .cores = 8});
  CHECK(bench.list.cores() == 12);
  bench.machine.worker_left(third, {}, moment(1ms));
  CHECK(bench.list.cores() == 4);
}

TEST_CASE("of workers that left, the last thousand are in the list", "[core][workers]") {
  ListBench bench;
  for (int i = 0; i < 1'200; ++i) bench.machine.worker_left(bench.join({.name = std::to_string(i)}), {}, moment(1ms));
  const auto statuses = bench.list.statuses({}, {});
  CHECK(statuses.size() == 1'000);
  CHECK(statuses.front().name == "200");
}
