// Why a task is where it is: each answer, on a task machine that is stepped by hand.
#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/explain.hpp"
#include "core/worker_list.hpp"

using namespace mw;
using namespace mw::core;
using namespace std::chrono_literals;

int explained_task(int x) { return x; }

namespace {

class ExplainBench {
 public:
  ExplainBench() {
    machine.add_observer(list);
    machine.interface_started();
  }
  ~ExplainBench() {
    machine.end_all("the test is over", {});
    while (machine.take_ended()) continue;
  }

  void join(const std::string& name, Resources resources = {}) {
    WorkerInfo info{.name = name, .host = "here", .slots = 1};
    info.resources = std::move(resources);
    machine.worker_joined(directory->add({name, "here"}), info, at(0s));
  }
  RecordPtr make(TaskOptions options = {}) {
    auto record = RecordPtr{new TaskRecord{detail::Registered<explained_task>::checked(), Bytes{}, *directory}, false};
    record->id = ++tasks;
    record->submit_ns = at(0s).clock_ns;
    record->priority = options.priority;
    auto extra = std::make_unique<detail::TaskExtra>();
    extra->options = std::move(options);
    record->extra = extra.release();
    return record;
  }
  RecordPtr submit(TaskOptions options = {}) {
    auto record = make(std::move(options));
    machine.submit(*RecordPtr{record}.detach(), at(0s));
    return record;
  }
  Handed give() {
    REQUIRE(machine.begin_round(at(1s)));
    const auto next = machine.next(at(1s));
    REQUIRE(next);
    return *next;
  }
  std::string explained(std::uint64_t id, std::size_t most = 1000) const {
    const auto place = machine.find(id, most);
    if (!place) return "not found";
    std::string text;
    for (const std::string& line : explain(machine, *place, list.statuses({}, at(3s)), at(3s))) text += line + "\n";
    return text;
  }
  static Moment at(std::chrono::nanoseconds time) { return {1'000'000'000 + time.count(), time}; }

  const boost::intrusive_ptr<detail::WorkerDirectory> directory{new detail::WorkerDirectory{{"local", "here"}}};
  WorkerList list{*directory, 1'000'000'000};
  TaskMachine machine{*directory};
  std::uint64_t tasks = 0;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a task that waits is told its place, and what each worker does", "[core][explain]") {
  ExplainBench bench;
  bench.join("worker 1");
  bench.submit();
  const Handed first = bench.give();
  bench.machine.started(first.task, first.worker, bench.at(1s));
  bench.submit();
  bench.submit({.priority = -1});
  CHECK(has(bench.explained(2), "task 2 (explained_task(int)) waits. It was submitted 3 s ago.\nIt is the first in line."));
  CHECK(has(bench.explained(2), "worker 1 at here: it runs task 1 (explained_task(int)), for 2 s so far"));
  CHECK(has(bench.explained(3), "1 task is before it, of 2 that wait."));
  CHECK(has(bench.explained(3), "Its priority is -1"));
  CHECK(bench.explained(99) == "not found");
  CHECK(bench.explained(3, 1) == "not found");
}

TEST_CASE("a task that runs, or lies at a worker, is told where and since when", "[core][explain]") {
  ExplainBench bench;
  bench.join("worker 1");
  bench.submit();
  const Handed given = bench.give();
  CHECK(has(bench.explained(1), "was given to worker 1 at here, and has not begun"));
  bench.machine.started(given.task, given.worker, bench.at(2s));
  bench.machine.progressed(given.task, 0.25);
  CHECK(has(bench.explained(1),
            "task 1 (explained_task(int)) runs on worker 1 at here, for 1 s so far.\nBefore that it waited 2 s."));
  CHECK(has(bench.explained(1), "25 %"));
}

TEST_CASE("a task that no worker can take is told what they lack", "[core][explain]") {
  ExplainBench bench;
  bench.join("worker 1");
  bench.submit({.needs = {.gpus = 2}});
  const std::string text = bench.explained(1);
  CHECK(has(text, "It needs 2 GPUs."));
  CHECK(has(text, "worker 1 at here: the task needs 2 GPUs, and it has no GPU"));
  bench.submit({.worker = "worker 2"});
  CHECK(has(bench.explained(2), "It is for the worker \"worker 2\" only."));
  CHECK(has(bench.explained(2), "the task is for another worker"));
}

TEST_CASE("a task that waits for another's result, or for a master that stops, is told so", "[core][explain]") {
  ExplainBench bench;
  const RecordPtr first = bench.submit();
  const RecordPtr second = bench.make();
  bench.machine.submit_after(*RecordPtr{second}.detach(), *first, bench.at(0s));
  CHECK(has(bench.explained(2), "task 2 (explained_task(int)) waits for the result of task 1 (explained_task(int))"));
  CHECK(has(bench.explained(1), "there is no worker yet"));
  bench.machine.stop();
  CHECK(has(bench.explained(1), "The master was asked to stop"));
}
