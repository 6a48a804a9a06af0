// The task machine stops in good order: stepped by hand.
#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "core/machine.hpp"

using namespace mw;
using namespace mw::core;
using namespace std::chrono_literals;

namespace {

int stopped_in_time(int x) { return x; }

Moment stop_moment(std::chrono::nanoseconds time) { return {time.count(), time}; }

/// A machine with one worker, which holds one task ahead.
class StopBench {
 public:
  StopBench() : machine{*directory} {
    machine.interface_started();
    machine.worker_joined(worker, {.name = "worker", .slots = 1, .ahead = 1, .round_trip = 1ms}, {});
  }
  ~StopBench() {
    machine.end_all("the test is over", {});
    while (machine.take_ended()) continue;
    records.clear();
  }

  RecordPtr make(TaskOptions options = {}) {
    auto record = RecordPtr{new TaskRecord{detail::Registered<stopped_in_time>::checked(), Bytes{}, *directory}, false};
    record->id = records.size() + 1;
    auto extra = std::make_unique<detail::TaskExtra>();
    extra->options = std::move(options);
    record->extra = extra.release();
    records.push_back(record);
    return record;
  }
  TaskRecord& submit(TaskOptions options = {}) {
    const RecordPtr record = make(std::move(options));
    machine.submit(*RecordPtr{record}.detach(), {});
    return *record;
  }
  std::vector<Handed> round() {
    std::vector<Handed> all;
    if (machine.begin_round(now))
      while (const auto next = machine.next(now)) all.push_back(*next);
    return all;
  }
  /// One that was measured, so that others of its kind may lie ahead.
  void learn() {
    submit();
    const auto given = round();
    machine.started(given.at(0).task, worker, now);
    finish(given.at(0), 1us);
  }
  void finish(const Handed& one, std::chrono::nanoseconds run_time = 1ms) {
    Outcome outcome;
    outcome.run_time = run_time;
    machine.finished(one.task, std::move(outcome), now);
    while (machine.take_ended()) continue;
  }

  const boost::intrusive_ptr<detail::WorkerDirectory> directory{new detail::WorkerDirectory{{"worker", "host"}}};
  TaskMachine machine;
  const WorkerId worker = directory->add({"worker", "host"});
  const Moment now = stop_moment(1s);
  std::vector<RecordPtr> records;
};

}  // namespace

TEST_CASE("after a stop nothing is given out, what lies ahead is asked back, and it has stopped when what ran is done",
          "[core][stop]") {
  StopBench bench;
  bench.learn();
  for (int i = 0; i < 4; ++i) bench.submit();
  const auto given = bench.round();
  REQUIRE(given.size() == 2);
  bench.machine.started(given[0].task, bench.worker, bench.now);
  const auto unbegun = bench.machine.stop();
  REQUIRE(unbegun.size() == 1);
  CHECK(unbegun[0].task == given[1].task);
  CHECK(unbegun[0].worker == bench.worker);
  CHECK(bench.machine.is_stopping());
  bench.machine.returned(given[1].task, bench.now);
  CHECK_FALSE(bench.machine.has_stopped());
  CHECK(bench.round().empty());
  bench.finish(given[0]);
  CHECK(bench.machine.has_stopped());
  bench.submit();
  CHECK(bench.round().empty());
  CHECK_FALSE(bench.machine.first_waiting());
  CHECK_FALSE(bench.machine.next(bench.now));
  CHECK_FALSE(bench.machine.next_named(bench.now));
  CHECK(bench.machine.waiting_count() == 4);
}

TEST_CASE("what is given out and not asked back in time counts as running until it is heard of", "[core][stop]") {
  StopBench bench;
  bench.learn();
  bench.submit(), bench.submit();
  const auto given = bench.round();
  REQUIRE(given.size() == 2);
  CHECK(bench.machine.stop().size() == 2);  // nobody has said which has begun
  bench.machine.started(given[1].task, bench.worker, bench.now);
  bench.finish(given[1]);
  CHECK_FALSE(bench.machine.has_stopped());
  bench.machine.returned(given[0].task, bench.now);
  CHECK(bench.machine.has_stopped());
}

TEST_CASE("after a stop no attempt follows another: not after a fault, a loss, or the task whose result is taken", "[core][stop]") {
  StopBench bench;
  TaskRecord& task = bench.submit({.retries = 3});
  const RecordPtr follower = bench.make();
  bench.machine.submit_after(*RecordPtr{follower}.detach(), task, bench.now);
  const auto given = bench.round();
  REQUIRE(given.size() == 1);
  bench.machine.started(given[0].task, bench.worker, bench.now);
  CHECK(bench.machine.stop().empty());
  SECTION("a fault") { bench.machine.finished(given[0].task, failed(Cause::exception, "it threw"), bench.now); }
  SECTION("a loss") {
    std::vector<LostTask> lost;
    lost.push_back({given[0].task, failed(Cause::worker_lost, "")});
    bench.machine.worker_left(bench.worker, std::move(lost), bench.now);
  }
  SECTION("a result") { bench.finish(given[0]); }
  CHECK(bench.machine.has_stopped());
  CHECK(bench.round().empty());
  CHECK(follower->state == TaskState::submitted);
  CHECK_FALSE(bench.machine.wake_at(bench.now.time));
}

TEST_CASE("a stopping machine ends what runs out of time, and all when it ends", "[core][stop]") {
  StopBench bench;
  TaskRecord& limited = bench.submit({.hard_limit = 10ms});
  TaskRecord& waiting = bench.submit();
  const auto given = bench.round();
  bench.machine.started(given.at(0).task, bench.worker, bench.now);
  static_cast<void>(bench.machine.stop());
  REQUIRE(bench.machine.wake_at(bench.now.time));
  static_cast<void>(bench.machine.time_passed(stop_moment(2s)));
  CHECK(limited.state == TaskState::error);
  CHECK(bench.machine.has_stopped());  // nobody waits for what is being killed
  bench.machine.end_all("it ends", bench.now);
  CHECK(waiting.state == TaskState::cancelled);
}

TEST_CASE("in a pause nothing is given out, what lies ahead is asked back, and what runs goes on", "[core][pause]") {
  StopBench bench;
  bench.learn();
  for (int i = 0; i < 4; ++i) bench.submit();
  const auto given = bench.round();
  REQUIRE(given.size() == 2);
  bench.machine.started(given[0].task, bench.worker, bench.now);
  const auto unbegun = bench.machine.pause();
  REQUIRE(unbegun.size() == 1);
  CHECK(unbegun[0].task == given[1].task);
  CHECK(bench.machine.is_paused());
  bench.machine.returned(given[1].task, bench.now);
  bench.finish(given[0]);
  bench.submit();
  CHECK(bench.round().empty());
  CHECK_FALSE(bench.machine.first_waiting());
  CHECK_FALSE(bench.machine.next(bench.now));
  CHECK_FALSE(bench.machine.next_named(bench.now));
  CHECK_FALSE(bench.machine.has_stopped());
  CHECK(bench.machine.pause().empty());
  bench.machine.resume();
  CHECK_FALSE(bench.machine.is_paused());
  CHECK(bench.machine.wants_round());
  const auto again = bench.round();
  REQUIRE(again.size() == 2);
  CHECK(again[0].task.id() == given[1].task.id());  // at its old place in the queue
}

TEST_CASE("a stop and a pause come in any order: neither undoes the other", "[core][pause][stop]") {
  StopBench bench;
  bench.submit();
  const auto given = bench.round();
  bench.machine.started(given.at(0).task, bench.worker, bench.now);
  bench.submit();
  const bool pause_is_first = GENERATE(true, false);
  if (pause_is_first) CHECK(bench.machine.pause().empty());
  CHECK(bench.machine.stop().empty());
  if (!pause_is_first) CHECK(bench.machine.pause().empty());
  CHECK_FALSE(bench.machine.has_stopped());
  bench.finish(given[0]);
  CHECK(bench.machine.has_stopped());
  bench.machine.resume();
  CHECK(bench.round().empty());
  CHECK(bench.machine.has_stopped());
}
