// What is left for those who watch, and the picture of it, on a task machine that is stepped by hand.
#include <catch2/catch.hpp>

#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include <boost/json.hpp>

#include "core/machine.hpp"
#include "watch/picture.hpp"

using namespace mw;
using namespace mw::core;
using namespace std::chrono_literals;

int watched_task(int x) { return x; }

namespace {

class WatchBench {
 public:
  explicit WatchBench(std::uint32_t slots = 1) {
    machine.add_observer(recorder);
    machine.interface_started();
    worker = directory->add({"worker 1", "here"});
    machine.worker_joined(worker, {.name = "worker 1", .host = "here", .slots = slots}, {});
  }
  ~WatchBench() {
    machine.end_all("the test is over", {});
    while (machine.take_ended()) continue;
  }

  RecordPtr submit(TaskOptions options = {}) {
    auto record = RecordPtr{new TaskRecord{detail::Registered<watched_task>::checked(), Bytes{}, *directory}, false};
    record->id = ++tasks;
    record->submit_ns = at(0ms).clock_ns;
    auto extra = std::make_unique<detail::TaskExtra>();
    extra->options = std::move(options);
    record->extra = extra.release();
    machine.submit(*RecordPtr{record}.detach(), at(0ms));
    return record;
  }
  Handed begin(std::chrono::nanoseconds time) {
    REQUIRE(machine.begin_round(at(time)));
    const auto next = machine.next(at(time));
    REQUIRE(next);
    machine.started(next->task, next->worker, at(time));
    return *next;
  }
  void finish(const Handed& task, std::chrono::nanoseconds time, Outcome outcome = {}) {
    machine.finished(task.task, std::move(outcome), at(time));
    while (machine.take_ended()) continue;
  }
  void run_one(std::chrono::nanoseconds begins, std::chrono::nanoseconds time, TaskOptions options = {}) {
    submit(std::move(options));
    const Handed task = begin(begins);
    Outcome outcome;
    outcome.run_time = time;
    finish(task, begins + time, std::move(outcome));
  }
  static Moment at(std::chrono::nanoseconds time) { return {born + time.count(), time}; }
  boost::json::object json() {
    watch::Reader reader;
    return picture.to_json(reader);
  }

  static constexpr std::int64_t born = 1'000'000'000;
  const boost::intrusive_ptr<detail::WorkerDirectory> directory{new detail::WorkerDirectory{{"local", "here"}}};
  watch::Recorder recorder{*directory, born};
  watch::Picture picture{{"test", "./test", "here", 7, "1", 0}, recorder, *directory};
  TaskMachine machine{*directory};
  WorkerId worker;
  std::uint64_t tasks = 0;
};

Outcome failed_outcome(std::string message) {
  Outcome outcome = failed(Cause::exception, std::move(message));
  outcome.err = "last words\n";
  return outcome;
}

template <class Number>
Number number_at(const std::string& bytes, std::size_t at) {
  Number number;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

}  // namespace

TEST_CASE("each attempt that ended is a row, with its worker, its name and its times", "[watch]") {
  WatchBench bench;
  bench.run_one(5ms, 20ms);
  bench.run_one(30ms, 10ms, {.name = "its own"});
  bench.picture.look();
  const std::string rows = bench.picture.rows(0);
  REQUIRE(rows.size() == 16 + 2 * 24);
  CHECK(number_at<std::uint64_t>(rows, 0) == 0);
  CHECK(number_at<std::uint32_t>(rows, 8) == 2);
  CHECK(number_at<std::uint64_t>(rows, 16) == 5'000);
  CHECK(number_at<std::uint32_t>(rows, 24) == 20'000);
  CHECK(number_at<std::uint32_t>(rows, 32) == 1);
  CHECK(number_at<std::uint64_t>(rows, 40) == 30'000);
  const auto json = bench.json();
  CHECK(json.at("lanes").as_array().size() == 1);
  CHECK(json.at("lanes").at(0) == "worker 1");
  CHECK(json.at("functions").at(number_at<std::uint16_t>(rows, 36)) == "watched_task(int)");
  CHECK(json.at("functions").at(number_at<std::uint16_t>(rows, 60)) == "its own");
  CHECK(json.at("rows_end") == 2);
  CHECK(bench.picture.rows(1).size() == 16 + 24);
  CHECK(bench.picture.rows(2).size() == 16);
  CHECK(number_at<std::uint64_t>(bench.picture.rows(99), 0) == 2);
}

TEST_CASE("the slowest come first, and failures with cause and stderr, the newest first", "[watch]") {
  WatchBench bench;
  for (int i = 1; i <= 5; ++i) bench.run_one(i * 100ms, i * 7ms);
  for (const char* why : {"one", "two"}) {
    bench.submit();
    bench.finish(bench.begin(1s), 2s, failed_outcome(why));
  }
  bench.picture.look();
  const auto json = bench.json();
  const auto& slowest = json.at("slowest").as_array();
  REQUIRE(slowest.size() == 7);
  CHECK(slowest.at(0).at("id") == 5);
  CHECK(slowest.at(0).at("seconds").as_double() == Approx(0.035));
  const auto& list = json.at("failed").as_array();
  REQUIRE(list.size() == 2);
  CHECK(list.at(0).at("message") == "two");
  CHECK(list.at(1).at("message") == "one");
  CHECK(list.at(0).at("cause") == "exception");
  CHECK(list.at(0).at("err") == "last words\n");
  CHECK(list.at(0).at("attempts") == 1);
  CHECK(list.at(0).at("worker") == "worker 1");
}

TEST_CASE("a task that is tried again leaves a row for each attempt, and what went wrong is remembered", "[watch]") {
  WatchBench bench;
  bench.submit({.retries = 1});
  bench.finish(bench.begin(10ms), 20ms, failed_outcome("not yet"));
  const Handed again = bench.begin(30ms);
  bench.machine.lost(again.task, failed(Cause::worker_lost, "the power went"), bench.at(40ms));
  bench.finish(bench.begin(50ms), 60ms);
  bench.picture.look();
  const std::string rows = bench.picture.rows(0);
  REQUIRE(number_at<std::uint32_t>(rows, 8) == 3);
  CHECK(number_at<std::uint8_t>(rows, 16 + 22) == 1);       // error
  CHECK(number_at<std::uint8_t>(rows, 16 + 24 + 22) == 3);  // lost
  CHECK(number_at<std::uint8_t>(rows, 16 + 48 + 22) == 0);  // finished
  CHECK(number_at<std::uint8_t>(rows, 16 + 48 + 23) == 3);
  const auto faults = bench.recorder.faults_of(1);
  REQUIRE(faults.size() == 2);
  CHECK(faults.at(0).find("not yet") != std::string::npos);
  CHECK(faults.at(1).find("the power went") != std::string::npos);
  CHECK(bench.json().at("failed").as_array().empty());
}

TEST_CASE("where nobody reads, nothing grows, nothing is waited for, and what is missing is counted", "[watch][P39]") {
  WatchBench bench;
  constexpr std::uint64_t many = 30'000;
  for (std::uint64_t i = 0; i < many; ++i) bench.run_one(1ms, 1us);
  bench.picture.look();
  CHECK(bench.picture.rows_end() < many);
  CHECK(bench.picture.rows_end() + bench.recorder.skipped() == many);
  // It asks for less, and gets an even choice.
  for (std::uint64_t i = 0; i < many; ++i) {
    bench.run_one(1ms, 1us);
    if (i % 4000 == 0) bench.picture.look();
  }
  bench.picture.look();
  CHECK(bench.picture.rows_end() + bench.recorder.skipped() == 2 * many);
}

TEST_CASE("one that takes far longer than the others is never left out", "[watch]") {
  WatchBench bench;
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 5000; ++i) bench.run_one(1ms, 1us);
    bench.picture.look();
  }
  REQUIRE(bench.recorder.skipped() > 0);
  for (int i = 0; i < 50; ++i) bench.run_one(1ms, i == 25 ? 3s : 1us);
  bench.picture.look();
  CHECK(bench.json().at("slowest").at(0).at("seconds").as_double() == Approx(3));
}

TEST_CASE("texts from outside are fit for JSON and for a page", "[watch]") {
  WatchBench bench;
  bench.run_one(1ms, 1ms, {.name = "<img src=x>\x1b[2J\xff"});
  bench.submit();
  bench.finish(bench.begin(2ms), 3ms, failed_outcome("\xc3\x28</script>"));
  bench.picture.look();
  const std::string text = boost::json::serialize(bench.json());
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find('\xff') == std::string::npos);
  CHECK_NOTHROW(boost::json::parse(text));
}

TEST_CASE("whoever has read the series is told what is new, and all of it when it was thinned", "[watch]") {
  WatchBench bench;
  watch::Reader reader;
  const auto points = [&] { return bench.picture.to_json(reader).at("series").at("t").as_array().size(); };
  const auto at = [&](double seconds) {
    Status status;
    status.seconds = seconds;
    bench.picture.set(std::move(status), "running", false);
  };
  at(0);
  at(1);
  CHECK(points() == 2);
  CHECK(points() == 0);
  at(1.01);  // too soon
  CHECK(points() == 0);
  at(2);
  CHECK(points() == 1);
  for (std::size_t i = 0; i < watch::Series::most; ++i) at(3 + static_cast<double>(i));
  CHECK(points() > 900);
}
