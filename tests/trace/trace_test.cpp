// A trace of what a task machine does, written by its own thread, and read back.
#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <mw/detail/task_access.hpp>

#include "core/machine.hpp"
#include "support/captured_stderr.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"
#include "trace/trace.hpp"
#include "trace/trace_file.hpp"

using namespace mw;
using namespace mw::core;
using namespace std::chrono_literals;

namespace {

int traced_function(int x) { return x; }

/// A machine whose tasks do as they are told, and a trace of it.
class TraceBench {
 public:
  explicit TraceBench(const std::string& path, std::size_t capacity = trace::Trace::usual_capacity) : machine{*directory} {
    trace.emplace(path, 0, trace::Worker{"nobody", "host"}, capacity);
    machine.add_observer(*trace);
    machine.interface_started();
    for (const char* name : {"worker 1", "worker 2"}) {
      workers.push_back(directory->add({name, "host"}));
      machine.worker_joined(workers.back(), {.name = name, .host = "host"}, now());
    }
  }
  ~TraceBench() {
    end();
    records.clear();
  }
  void end() {
    machine.end_all("the test is over", now());
    take();
    trace.reset();
  }

  Moment now() {
    time += 1us;
    return {time.count(), time};
  }
  TaskRecord& submit(TaskOptions options = {}) {
    auto record = RecordPtr{new TaskRecord{detail::Registered<traced_function>::checked(), Bytes{}, *directory}, false};
    record->id = records.size() + 1;
    record->submit_ns = now().clock_ns;
    auto extra = std::make_unique<detail::TaskExtra>();
    extra->options = std::move(options);
    record->extra = extra.release();
    records.push_back(record);
    machine.submit(*RecordPtr{record}.detach(), now());
    return *record;
  }
  /// The next attempt has begun.
  Handed begin() {
    REQUIRE(machine.begin_round(now()));
    const auto next = machine.next(now());
    REQUIRE(next);
    machine.started(next->task, next->worker, now());
    return *next;
  }
  void finish(const Handed& one) {
    Outcome outcome;
    outcome.run_time = 300ns;
    machine.finished(one.task, std::move(outcome), now());
    take();
  }
  void fail(const Handed& one) {
    machine.finished(one.task, failed(Cause::exception, "it threw"), now());
    take();
  }
  void take() {
    while (machine.take_ended()) continue;
  }

  std::chrono::nanoseconds time{1'000'000};
  const boost::intrusive_ptr<detail::WorkerDirectory> directory{new detail::WorkerDirectory{{"worker", "host"}}};
  std::optional<trace::Trace> trace;
  TaskMachine machine;
  std::vector<WorkerId> workers;
  std::vector<RecordPtr> records;
};

}  // namespace

TEST_CASE("a trace has each task's end once, and each attempt", "[trace]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("run.json");
  TraceBench bench{path};
  for (int i = 0; i < 100; ++i) {
    bench.submit();
    bench.finish(bench.begin());
  }
  bench.submit({.name = "the \"odd\" one", .retries = 1});  // 101: fails twice
  bench.fail(bench.begin());
  bench.fail(bench.begin());
  bench.submit();  // 102: its worker dies, and it runs again
  const auto dies = bench.begin();
  std::vector<LostTask> lost;
  lost.push_back({dies.task, failed(Cause::worker_lost, "it died")});
  bench.machine.worker_left(dies.worker, std::move(lost), bench.now());
  bench.finish(bench.begin());
  TaskRecord& waits = bench.submit();  // 103: is cancelled before it begins
  bench.machine.cancel(waits, bench.now());
  TaskRecord& runs = bench.submit();  // 104: and this one while it runs
  static_cast<void>(bench.begin());
  bench.machine.cancel(runs, bench.now());
  bench.submit();  // 105: is open at the end
  bench.end();
  const test::TraceEvents events{test::text_of_file(path)};
  const auto ends = events.ends();
  CHECK(ends.size() == 105);
  for (const auto& [id, times] : ends) {
    INFO(id);
    CHECK(times == 1);
  }
  CHECK(events.of("X", "finished").size() == 101);
  CHECK(events.of("X", "retried").size() == 1);
  CHECK(events.of("X", "failed").size() == 1);
  CHECK(events.of("X", "lost").size() == 1);
  CHECK(events.of("X", "cancelled").size() == 1);
  CHECK(events.of("i", "cancelled").size() == 2);
  CHECK(events.of("i", "note").size() == 3);
  CHECK(test::word(events.of("X", "failed").at(0), "name") == "the \"odd\" one");
  CHECK(test::word(events.of("X", "finished").at(0), "name").find("traced_function(int)") != std::string::npos);
  CHECK(events.lane_names() == std::set<std::string>{"tasks without a worker", "worker 1", "worker 2"});
  const auto first = events.of("X", "finished").at(0).at("args").as_object();
  CHECK(first.at("run_us").to_number<double>() == 0.3);
  CHECK(first.contains("queue_us"));
  CHECK(first.contains("transfer_us"));
  const auto last = events.of("C").back().at("args").as_object();
  CHECK(last.at("waiting") == 0);
  CHECK(last.at("running") == 0);
}

TEST_CASE("what was written so far can be read while the run goes on, as after a crash", "[trace]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("run.json");
  TraceBench bench{path};
  bench.submit();
  bench.finish(bench.begin());
  std::string text;
  CHECK(test::eventually([&] {
    text = test::text_of_file(path);
    return text.find("\"task\":1,") != text.npos;
  }));
  const test::TraceEvents events{text + "]"};
  CHECK(events.of("X").size() == 1);
}

TEST_CASE("what comes faster than it can be written is left out, and how much that is said", "[trace]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("run.json");
  std::uint64_t missing = 0;
  const std::string said = test::stderr_of([&] {
    TraceBench bench{path, 4};
    for (int i = 0; i < 2'000; ++i) {
      bench.submit();
      bench.finish(bench.begin());
    }
    missing = bench.trace->missing();
  });
  REQUIRE(missing > 0);
  CHECK(said.find("lacks") != said.npos);
  const test::TraceEvents events{test::text_of_file(path)};
  const auto said_in_file = events.of("i", "missing").at(0).at("args").as_object().at("missing").to_number<std::uint64_t>();
  CHECK(said_in_file >= missing);
  CHECK(events.of("X").size() + said_in_file >= 2'000);
  for (const auto& [id, times] : events.ends()) CHECK(times == 1);
}

TEST_CASE("a trace that cannot be opened is an error, and one that cannot be written a warning", "[trace]") {
  const test::TemporaryFolder folder;
  CHECK_THROWS_AS((trace::Trace{folder.path("no/such/folder/run.json"), 0, {}}), InterfaceError);
  CHECK_THROWS_WITH((trace::Trace{folder.path("."), 0, {}}), Catch::Contains("cannot be written"));
  const std::string said = test::stderr_of([&] {
    TraceBench bench{"/dev/full"};
    for (int i = 0; i < 10; ++i) {
      bench.submit();
      bench.finish(bench.begin());
    }
  });
  CHECK(said.find("the trace /dev/full cannot be written") != said.npos);
  CHECK(said.find("cannot be written", said.find("cannot be written") + 1) == said.npos);
}
