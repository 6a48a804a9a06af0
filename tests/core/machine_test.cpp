// The task machine, stepped by hand: no process, no thread, no clock.
#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <mw/detail/task_access.hpp>

#include "core/machine.hpp"
#include "core/model.hpp"

using namespace mw;
using namespace mw::core;
using namespace std::chrono_literals;

namespace {

int stepped(int x) { return x; }

Moment at(std::chrono::nanoseconds time) { return {time.count(), time}; }

/// Writes down what it hears.
struct Listener final : Observer {
  std::vector<std::string> heard;
  void submitted(const TaskRecord&) noexcept override { heard.emplace_back("submitted"); }
  void assigned(const TaskRecord&, WorkerId, const Moment&) noexcept override { heard.emplace_back("assigned"); }
  void started(const TaskRecord&, WorkerId, const Moment&) noexcept override { heard.emplace_back("started"); }
  void progressed(const TaskRecord&) noexcept override { heard.emplace_back("progressed"); }
  void checkpointed(const TaskRecord&, const std::shared_ptr<const Bytes>&) noexcept override { heard.emplace_back("saved"); }
  void lost(const TaskRecord&, const Outcome&, const Moment&) noexcept override { heard.emplace_back("lost"); }
  void queued_again(const TaskRecord&, Again, bool, const Moment&) noexcept override { heard.emplace_back("queued again"); }
  void ended(const TaskRecord&, TaskState, const Moment&) noexcept override { heard.emplace_back("ended"); }
  void worker_joined(WorkerId, const WorkerInfo&, const Moment&) noexcept override { heard.emplace_back("joined"); }
  void worker_left(WorkerId, const Moment&) noexcept override { heard.emplace_back("left"); }
};

class Bench {
 public:
  Bench() : machine{*directory} {
    machine.add_observer(listener);
    machine.interface_started();
  }
  ~Bench() {
    machine.end_all("the test is over", {});
    while (machine.take_ended()) continue;
    records.clear();
  }

  WorkerId join(const WorkerInfo& info = {}) {
    const WorkerId worker = directory->add({"worker", "host"});
    machine.worker_joined(worker, info, at(0ns));
    return worker;
  }
  TaskRecord& submit(TaskOptions options = {}) {
    auto record = RecordPtr{new TaskRecord{detail::Registered<stepped>::checked(), Bytes{}, *directory}, false};
    record->id = records.size() + 1;
    record->priority = options.priority;
    auto extra = std::make_unique<detail::TaskExtra>();
    extra->options = std::move(options);
    record->extra = extra.release();
    records.push_back(record);
    machine.submit(*RecordPtr{record}.detach(), {});
    return *record;
  }
  /// What the machine gives out in one round.
  std::vector<Handed> round(std::chrono::nanoseconds time = 0ns) {
    std::vector<Handed> all;
    if (machine.begin_round(at(time)))
      while (const auto next = machine.next(at(time))) all.push_back(*next);
    return all;
  }

  const boost::intrusive_ptr<detail::WorkerDirectory> directory{new detail::WorkerDirectory{{"worker", "host"}}};
  TaskMachine machine;
  Listener listener;
  std::vector<RecordPtr> records;
};

Outcome threw() { return failed(Cause::exception, "it threw"); }

}  // namespace

TEST_CASE("a task whose files are on their way holds no slot, and outlives its worker and its limit", "[core]") {
  Bench bench;
  const WorkerId worker = bench.join();
  TaskRecord& task = bench.submit({.hard_limit = 1s});
  TaskRecord& next = bench.submit();
  const auto given = bench.round();
  REQUIRE(given.size() == 1);
  bench.machine.started(given[0].task, worker, at(0ns));
  bench.machine.arrived(given[0].task, at(1ms));
  CHECK(bench.machine.is_current(given[0].task));
  REQUIRE(bench.round(1ms).size() == 1);
  CHECK(next.schedule == scheduler::ItemState::assigned);
  CHECK(bench.machine.time_passed(at(2s)).empty());
  bench.machine.worker_left(worker, {}, at(2s));
  CHECK(next.schedule == scheduler::ItemState::queued);
  CHECK(bench.machine.is_current(given[0].task));
  CHECK(task.state == TaskState::running);
  bench.machine.finished(given[0].task, Outcome{}, at(3s));
  CHECK(task.state == TaskState::finished);
  CHECK(bench.machine.handed_out_count() == 0);
}

TEST_CASE("each transition of a task and of a worker is told to the observer", "[core]") {
  Bench bench;
  const WorkerId worker = bench.join();
  bench.submit({.retries = 1});
  const auto first = bench.round();
  REQUIRE(first.size() == 1);
  bench.machine.started(first[0].task, worker, at(1ms));
  bench.machine.progressed(first[0].task, 0.5);
  bench.machine.finished(first[0].task, threw(), at(2ms));
  const auto second = bench.round();
  REQUIRE(second.size() == 1);
  std::vector<LostTask> lost;
  lost.push_back({second[0].task, failed(Cause::worker_lost, "it died")});
  bench.machine.worker_left(worker, std::move(lost), at(3ms));
  const WorkerId other = bench.join();
  const auto third = bench.round();
  REQUIRE(third.size() == 1);
  bench.machine.started(third[0].task, other, at(4ms));
  bench.machine.finished(third[0].task, {}, at(5ms));
  CHECK(bench.listener.heard == std::vector<std::string>{"joined", "submitted", "assigned", "started", "progressed", "queued again",
                                                         "assigned", "lost", "queued again", "left", "joined", "assigned",
                                                         "started", "ended"});
}

TEST_CASE("what a task has saved is there for its next attempt, until it ends, and an old attempt saves nothing", "[core]") {
  Bench bench;
  const WorkerId worker = bench.join();
  TaskRecord& task = bench.submit({.retries = 1});
  const auto save = [&](const Handed& attempt, std::string_view state) {
    bench.machine.checkpointed(attempt.task, Bytes{std::as_bytes(std::span{state})});
  };
  const auto saved_by = [](const Handed& attempt) {
    return TaskAccess::checkpoint(attempt.task) ? TaskAccess::checkpoint(attempt.task)->size() : 0;
  };
  const auto first = bench.round();
  REQUIRE(first.size() == 1);
  CHECK(saved_by(first[0]) == 0);
  save(first[0], "one");
  save(first[0], "three");
  bench.machine.finished(first[0].task, threw(), at(2ms));
  save(first[0], "too late");
  const auto second = bench.round();
  REQUIRE(second.size() == 1);
  CHECK(saved_by(second[0]) == 5);
  save(first[0], "too late");
  CHECK(saved_by(second[0]) == 5);
  std::vector<LostTask> lost;
  lost.push_back({second[0].task, failed(Cause::worker_lost, "it died")});
  bench.machine.worker_left(worker, std::move(lost), at(3ms));
  bench.join();
  const auto third = bench.round();
  REQUIRE(third.size() == 1);
  CHECK(saved_by(third[0]) == 5);
  bench.machine.finished(third[0].task, {}, at(5ms));
  CHECK(task.state == TaskState::finished);
  save(third[0], "too late");
  CHECK(saved_by(third[0]) == 0);
  CHECK(std::count(bench.listener.heard.begin(), bench.listener.heard.end(), "saved") == 2);
}

TEST_CASE("a task that has ended is handed over once", "[core]") {
  Bench bench;
  bench.join();
  TaskRecord& task = bench.submit();
  const auto handed = bench.round();
  REQUIRE(handed.size() == 1);
  bench.machine.finished(handed[0].task, {}, at(1ms));
  bench.machine.finished(handed[0].task, threw(), at(2ms));
  bench.machine.lost(handed[0].task, threw(), at(2ms));
  CHECK(bench.machine.take_ended().get() == &task);
  CHECK_FALSE(bench.machine.take_ended());
  CHECK(task.state == TaskState::finished);
}

TEST_CASE("a worker whose end is heard of before its beginning is never there", "[core]") {
  Bench bench;
  const WorkerId ghost = bench.directory->add({"ghost", "host"});
  bench.machine.worker_left(ghost, {}, at(0ns));
  bench.machine.worker_joined(ghost, {.slots = 4}, at(0ns));
  bench.submit();
  CHECK(bench.round().empty());
  CHECK(bench.machine.slots() == 0);
}

TEST_CASE("a worker that is said to join twice has its slots once", "[core]") {
  Bench bench;
  const WorkerId worker = bench.join({.slots = 2});
  bench.machine.worker_joined(worker, {.slots = 2}, at(0ns));
  CHECK(bench.machine.slots() == 2);
}

TEST_CASE("a task that runs out of time is stopped, and runs again elsewhere if it has tries left", "[core]") {
  Bench bench;
  const WorkerId worker = bench.join();
  TaskRecord& task = bench.submit({.retries = 1, .hard_limit = 10ms});
  const auto handed = bench.round();
  REQUIRE(handed.size() == 1);
  bench.machine.started(handed[0].task, worker, at(0ns));
  CHECK(bench.machine.wake_at(0ns) == Time{10ms});
  bench.machine.time_passed(at(9ms));
  CHECK_FALSE(bench.machine.has_stops());
  bench.machine.time_passed(at(10ms));
  const auto stops = bench.machine.take_stops();
  REQUIRE(stops.size() == 1);
  CHECK(stops[0].worker == worker);
  CHECK_FALSE(stops[0].may_be_unbegun);
  CHECK(bench.round(10ms).empty());  // its slot is taken until it has stopped
  bench.machine.finished(stops[0].task, threw(), at(11ms));
  const auto again = bench.round(11ms);
  REQUIRE(again.size() == 1);
  CHECK(again[0].task.attempt() == 2);
  bench.machine.started(again[0].task, worker, at(11ms));
  bench.machine.time_passed(at(21ms));
  CHECK(task.state == TaskState::error);
  CHECK(task.find_extra()->failure.cause == Cause::time_limit);
}

TEST_CASE("a task that is cancelled on its worker holds the slot until it has stopped there", "[core]") {
  Bench bench;
  bench.join();
  TaskRecord& task = bench.submit();
  bench.submit();
  const auto handed = bench.round();
  REQUIRE(handed.size() == 1);
  CHECK(bench.machine.cancel(task, at(1ms)));
  CHECK_FALSE(bench.machine.cancel(task, at(1ms)));
  CHECK(task.state == TaskState::cancelled);
  const auto stops = bench.machine.take_stops();
  REQUIRE(stops.size() == 1);
  CHECK(stops[0].may_be_unbegun);
  CHECK(bench.round(1ms).empty());
  bench.machine.stopped(stops[0].task);
  CHECK(bench.round(1ms).size() == 1);
}

TEST_CASE("what an interface had when it failed waits for the next one, in its old order", "[core]") {
  Bench bench;
  bench.join({.slots = 2});
  TaskRecord& first = bench.submit();
  TaskRecord& second = bench.submit();
  CHECK(bench.round().size() == 2);
  bench.machine.interface_gone(at(1ms));
  CHECK(bench.round().empty());
  bench.machine.interface_started();
  bench.join({.slots = 2});
  const auto again = bench.round(2ms);
  REQUIRE(again.size() == 2);
  CHECK(TaskAccess::record(again[0].task) == &first);
  CHECK(TaskAccess::record(again[1].task) == &second);
}

TEST_CASE("where no worker is possible, what waits and what comes ends with the reason", "[core]") {
  Bench bench;
  TaskRecord& before = bench.submit();
  bench.machine.no_worker_possible("there is no such program");
  CHECK(bench.round().empty());
  TaskRecord& after = bench.submit();
  CHECK(bench.machine.wants_round());
  CHECK(bench.round().empty());
  for (TaskRecord* task : {&before, &after}) {
    CHECK(task->state == TaskState::error);
    CHECK(task->find_extra()->failure.cause == Cause::no_worker);
    CHECK(task->find_extra()->failure.message == "there is no such program");
  }
}

TEST_CASE("under any events in any order nothing is lost, doubled or stuck", "[core]") {
  const std::uint64_t seed = GENERATE(range(std::uint64_t{1}, std::uint64_t{300}));
  CHECK_NOTHROW(model::World{seed}.run());
}
