// What a master counts, watches and says of its tasks; the machine's words are played.
#include <catch2/catch.hpp>

#include <chrono>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "master/choice_watch.hpp"
#include "master/loss_teller.hpp"
#include "master/statistics.hpp"
#include "measure/measures.hpp"
#include "support/captured_stderr.hpp"
#include "support/task_refs.hpp"

using namespace mw;
using namespace mw::detail;
using namespace std::chrono_literals;
using core::Again;
using core::Moment;

namespace {

int counted(int x) { return x; }

Moment at(std::chrono::nanoseconds time) { return {time.count(), time}; }
constexpr WorkerId some_worker{1};

Outcome measuring(std::uint64_t hits, bool fails = false) {
  measure::Measures measures;
  measures.add(measure::Kind::count, "hits", hits);
  Outcome outcome;
  outcome.measured = std::make_unique<Bytes>(measure::encoded(measures));
  if (fails) outcome.failure.emplace();
  return outcome;
}

struct Bench {
  TaskRecord& task(TaskOptions options = {}) { return *TaskAccess::record(tasks.emplace_back(maker.make({}, std::move(options)))); }
  void start(TaskRecord& record) {
    statistics.assigned(record, some_worker, at(1s));
    statistics.started(record, some_worker, at(1s));
    record.state = TaskState::running;
  }
  void end(TaskRecord& record, TaskState state, std::int64_t run_ns = 0) {
    record.run_ns = run_ns;
    statistics.ended(record, state, at(2s));
    record.state = state;
  }
  Status status() const {
    Status status;
    statistics.write_to(status);
    return status;
  }

  test::TaskMaker maker{Registered<counted>::checked()};
  std::vector<TaskRef> tasks;
  Statistics statistics{0};
};

}  // namespace

TEST_CASE("every task is counted in the one state that it is in, and all of them add up", "[master]") {
  Bench bench;
  bench.statistics.accepted = 6;
  TaskRecord &done = bench.task(), &failed = bench.task(), &cancelled = bench.task(), &running = bench.task(),
             &queued = bench.task();
  for (TaskRecord* one : {&done, &failed, &running}) bench.start(*one);
  bench.end(done, TaskState::finished);
  bench.end(failed, TaskState::error);
  bench.end(cancelled, TaskState::cancelled);  // it had not begun
  bench.statistics.assigned(queued, some_worker, at(1s));
  const Status status = bench.status();
  CHECK(status.tasks == 6);
  CHECK(status.finished == 1);
  CHECK(status.errors == 1);
  CHECK(status.cancelled == 1);
  CHECK(status.running == 1);
  CHECK(status.submitted == 2);
  CHECK(status.attempts == 4);
}

TEST_CASE("an attempt that never was is none, a fault is a retry, and a loss is neither", "[master]") {
  Bench bench;
  bench.statistics.accepted = 1;
  TaskRecord& task = bench.task();
  bench.statistics.assigned(task, some_worker, at(1s));
  bench.statistics.queued_again(task, Again::unbegun, false, at(1s));
  CHECK(bench.status().attempts == 0);
  bench.start(task);
  bench.statistics.queued_again(task, Again::fault, true, at(1s));
  CHECK(bench.status().retries == 1);
  CHECK(bench.status().running == 0);
  bench.start(task);
  Outcome outcome;
  bench.statistics.lost(task, outcome, at(1s));
  bench.statistics.queued_again(task, Again::lost, true, at(1s));
  const Status status = bench.status();
  CHECK(status.attempts == 2);
  CHECK(status.retries == 1);
  CHECK(status.lost == 1);
  CHECK(status.running == 0);
  CHECK(status.submitted == 1);
}

TEST_CASE("counts that other threads raise meanwhile never make a number of tasks below 0", "[master]") {
  Bench bench;
  bench.statistics.accepted = 1;
  bench.statistics.finished = 3;  // the loop was quicker than the look at `accepted`
  const Status status = bench.status();
  CHECK(status.submitted == 0);
  CHECK(status.tasks == 3);
}

TEST_CASE("the times of a function add up, whatever workers say", "[master]") {
  Bench bench;
  for (int i = 0; i < 4; ++i) bench.end(bench.task(), TaskState::finished, std::numeric_limits<std::int64_t>::max());
  const auto functions = bench.statistics.per_function();
  REQUIRE(functions.size() == 1);
  CHECK(functions[0].total_seconds == Approx(4 * 9.223372036854776e9));
}

TEST_CASE("each function has its times, and tasks with a name of their own have theirs", "[master]") {
  Bench bench;
  bench.end(bench.task(), TaskState::finished, 2'000'000'000);
  bench.end(bench.task(), TaskState::finished, 6'000'000'000);
  bench.end(bench.task(), TaskState::error, 50'000'000'000);  // its time is nobody's measure
  bench.end(bench.task({.name = "eels"}), TaskState::finished, 1'000'000'000);
  bench.end(bench.task({.name = "eels"}), TaskState::cancelled);
  const auto lines = bench.statistics.per_function();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].name == "(anonymous namespace)::counted(int)");
  CHECK(lines[0].finished == 2);
  CHECK(lines[0].errors == 1);
  CHECK(lines[0].total_seconds == Approx(8));
  CHECK(lines[0].max_seconds == Approx(6));
  CHECK(lines[0].min_seconds == Approx(2));
  CHECK(lines[0].p50_seconds == Approx(2).epsilon(0.07));
  CHECK(lines[0].p99_seconds == Approx(6).epsilon(0.07));
  CHECK(lines[1].name == "eels");
  CHECK(lines[1].finished == 1);
  CHECK(lines[1].cancelled == 1);
}

TEST_CASE("where every task has another name, most are counted under their function", "[master]") {
  Bench bench;
  for (int i = 0; i < 1'500; ++i) bench.end(bench.task({.name = fmt::format("name {}", i)}), TaskState::finished, 1);
  bench.end(bench.task({.name = "name 7"}), TaskState::finished, 1);
  const auto lines = bench.statistics.per_function();
  CHECK(lines.size() == 1'001);
  CHECK(lines[0].finished == 500);
  std::uint64_t all = 0, sevens = 0;
  for (const auto& line : lines) {
    all += line.finished;
    if (line.name == "name 7") sevens = line.finished;
  }
  CHECK(all == 1'501);
  CHECK(sevens == 2);
}

TEST_CASE("the start-up is how long a slot was not there, on average, and successors are none", "[master]") {
  Statistics statistics{0};
  statistics.expect(4);
  CHECK(statistics.start_up_seconds(1'000'000'000) == Approx(1));  // none is there yet
  statistics.worker_joined(WorkerId{1}, {.slots = 2}, at(1s));
  CHECK(statistics.ready_ns == 1'000'000'000);
  CHECK(statistics.start_up_seconds(3'000'000'000) == Approx((1 + 1 + 3 + 3) / 4.0));
  statistics.worker_joined(WorkerId{2}, {.slots = 1}, at(2s));
  statistics.worker_joined(WorkerId{3}, {.slots = 5}, at(4s));  // one of these slots is the fourth
  CHECK(statistics.start_up_seconds(99'000'000'000) == Approx((1 + 1 + 2 + 4) / 4.0));
  statistics.worker_joined(WorkerId{4}, {.slots = 4}, at(50s));
  CHECK(statistics.start_up_seconds(99'000'000'000) == Approx(2));
  CHECK(statistics.ready_ns == 1'000'000'000);
  Statistics nobody{0};
  nobody.expect(0);
  CHECK(nobody.start_up_seconds(5'000'000'000) == 0);
}

TEST_CASE("that tasks wait for a user's choice is said after a while, and then less and less often", "[master]") {
  ChoiceWatch watch{10s};
  CHECK_FALSE(watch.look(false, 0s));
  CHECK_FALSE(watch.look_at());
  CHECK_FALSE(watch.look(true, 100s));
  CHECK(watch.look_at() == 110s);
  CHECK_FALSE(watch.look(true, 110s - 1ns));
  CHECK(watch.look(true, 110s) == ChoiceWatch::Time{10s});
  CHECK(watch.look_at() == 120s);
  CHECK_FALSE(watch.look(true, 119s));
  CHECK(watch.look(true, 121s) == ChoiceWatch::Time{21s});
  CHECK(watch.look_at() == 140s);
}

TEST_CASE("when tasks go on, the next standstill is a new one", "[master]") {
  ChoiceWatch watch{10s};
  static_cast<void>(watch.look(true, 0s));
  CHECK(watch.look(true, 10s));
  CHECK_FALSE(watch.look(false, 11s));
  CHECK_FALSE(watch.look_at());
  CHECK(watch.patience() == 10s);
  CHECK_FALSE(watch.look(true, 20s));
  CHECK_FALSE(watch.look(true, 29s));
  CHECK(watch.look(true, 30s) == ChoiceWatch::Time{10s});
}

TEST_CASE("without patience nothing is ever said", "[master]") {
  for (const auto patience : {0s, -1s}) {
    ChoiceWatch watch{patience};
    for (const auto now : {0s, 10s, 1'000'000s}) CHECK_FALSE(watch.look(true, now));
    CHECK_FALSE(watch.look_at());
  }
}

TEST_CASE("a loss is told with worker, task and reason, once, and only if the task runs again", "[master]") {
  test::TaskMaker maker{Registered<counted>::checked()};
  const WorkerId id = maker.directory().add({"multicore worker 3", "pi"});
  const TaskRef task = maker.make({}, {.name = "the eels"});
  TaskRecord& record = *TaskAccess::record(task);
  record.last_worker = id;
  LossTeller teller{maker.directory()};
  Outcome outcome;
  outcome.failure.emplace().message = "signal 9 (Killed)\x1b[2J";
  const std::string said = test::stderr_of([&] {
    teller.lost(record, outcome, at(1s));
    teller.queued_again(record, Again::unbegun, false, at(1s));
    teller.queued_again(record, Again::fault, true, at(1s));
    teller.ended(record, TaskState::error, at(1s));
    teller.queued_again(record, Again::lost, true, at(1s));
  });
  CHECK_THAT(said,
             Catch::EndsWith("multicore worker 3 was lost under task 1 (the eels): signal 9 (Killed)\\x1b[2J; it runs again\n"));
  CHECK(std::count(said.begin(), said.end(), '\n') == 1);
}

TEST_CASE("P53: the attempt that ends its task counts what it has measured, and no other does", "[master][P53]") {
  Bench bench;
  const auto hits = [&] {
    const auto measures = bench.statistics.measures().statuses();
    return measures.empty() ? 0 : measures[0].sum;
  };
  TaskRecord &task = bench.task(), &cancelled = bench.task();
  bench.statistics.done(task, measuring(1, true), at(1s));
  bench.statistics.queued_again(task, Again::fault, true, at(1s));
  CHECK(hits() == 0);
  bench.statistics.done(task, measuring(2), at(1s));
  bench.end(task, TaskState::finished, 1);
  CHECK(hits() == 2);
  bench.end(cancelled, TaskState::cancelled);
  CHECK(hits() == 2);
  TaskRecord& failed = bench.task();
  bench.statistics.done(failed, measuring(4, true), at(1s));
  bench.end(failed, TaskState::error);
  CHECK(hits() == 6);
}

TEST_CASE("P53: a copy that overtakes its task counts in its place", "[master][P53]") {
  Bench bench;
  const auto sum = [&] {
    double all = 0;
    for (const auto& one : bench.statistics.measures().statuses()) all += one.sum;
    return all;
  };
  TaskRecord& task = bench.task();
  const Outcome of_copy = measuring(8), of_failed_copy = measuring(16, true), own = measuring(1);
  bench.statistics.copy_ended(task, core::CopyEnd::done, &of_failed_copy, at(1s));
  bench.end(bench.task(), TaskState::cancelled);
  bench.statistics.copy_ended(task, core::CopyEnd::done, &of_copy, at(1s));
  bench.statistics.overtaken(task);
  bench.end(task, TaskState::finished, 1);
  CHECK(sum() == 8);
  TaskRecord& other = bench.task();
  bench.statistics.copy_ended(other, core::CopyEnd::done, &of_copy, at(1s));  // it has emitted something, too: it counts not
  bench.statistics.done(other, own, at(1s));
  bench.end(other, TaskState::finished, 1);
  CHECK(sum() == 9);
}

TEST_CASE("measures that do not decode are dropped, with a warning, and the task ends as it does", "[master]") {
  Bench bench;
  Outcome rubbish;
  rubbish.measured = std::make_unique<Bytes>(encode(std::string{"rubbish"}));
  const std::string said = test::stderr_of([&] {
    for (int i = 0; i < 3; ++i) {
      TaskRecord& task = bench.task();
      bench.statistics.done(task, rubbish, at(1s));
      bench.end(task, TaskState::finished, 1);
    }
  });
  CHECK(bench.statistics.measures().statuses().empty());
  CHECK(bench.status().finished == 3);
  CHECK(said.find("do not decode") != std::string::npos);
  CHECK(said.find("do not decode") == said.rfind("do not decode"));
}

TEST_CASE("names that are no text are shown as such", "[master]") {
  Bench bench;
  measure::Measures measures;
  measures.add(measure::Kind::count, "\x1b[31m\xff", 1);
  Outcome outcome;
  outcome.measured = std::make_unique<Bytes>(measure::encoded(measures));
  TaskRecord& task = bench.task();
  bench.statistics.done(task, outcome, at(1s));
  bench.end(task, TaskState::finished, 1);
  CHECK(bench.statistics.measures().statuses().at(0).name == "\\x1b[31m\\xff");
}
