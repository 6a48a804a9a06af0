// --trace, from an application and from mw run.
#include "apps/app_run.hpp"

#include "support/temporary.hpp"
#include "trace/trace_file.hpp"

using namespace test;

TEST_CASE("an application's trace has each of its tasks once, on the lanes of its workers", "[apps][trace]") {
  const TemporaryFolder folder;
  const std::string file = folder.path("run.json");
  const auto run = run_app("null_test", {"-i", "multicore:2", "--tasks", "5000", "--trace", file});
  INFO(run.err);
  REQUIRE(run.death.exit_status == 0);
  CHECK(run.err.find("lacks") == std::string::npos);
  const TraceEvents events{text_of_file(file)};
  const auto ends = events.ends();
  CHECK(ends.size() == 5001);
  CHECK(std::all_of(ends.begin(), ends.end(), [](const auto& one) { return one.second == 1; }));
  CHECK(events.of("X", "finished").size() == 5001);
  CHECK(events.lane_names() == std::set<std::string>{"tasks without a worker", "multicore worker 1", "multicore worker 2"});
  CHECK(events.of("i", "worker").size() == 4);  // two came, two left
  CHECK(events.of("C").size() >= 2);
}

TEST_CASE("mw run writes a trace, too", "[apps][trace]") {
  const TemporaryFolder folder;
  const std::string file = folder.path("run.json");
  const auto run = run_app("mw", {"run", "-j", "2", "--trace", file, "test", "{}", "!=", "c", ":::", "a", "b", "c"});
  CHECK(run.death.exit_status == 1);
  const TraceEvents events{text_of_file(file)};
  CHECK(events.of("X").size() == 3);
}

TEST_CASE("a trace that cannot be written is said at once, and nothing is computed", "[apps][trace]") {
  const auto run = run_app("null_test", {"-i", "serial", "--tasks", "1", "--trace", "/no/such/folder/run.json"});
  CHECK(run.death.exit_status == 1);
  CHECK(run.out.empty());
  CHECK(run.err == "null_test: the trace /no/such/folder/run.json cannot be written: No such file or directory\n");
}
