// --trace, from an application and from mw run.
#include "apps/app_run.hpp"

#include <regex>
#include <sstream>

#include "support/shell.hpp"
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

TEST_CASE("with MW_LOG_FORMAT=json, each line of the log is an object, and with MW_LOG=off there is none", "[apps][log]") {
  const std::string command = beside("null_test") + " -i serial --tasks 10 --json --trace /dev/full";
  const auto run = test::shell("MW_LOG_FORMAT=json " + command);
  CHECK(run.death.exit_status == 0);
  std::istringstream lines{run.err};
  std::size_t warnings = 0;
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    const auto object = boost::json::parse(line).as_object();
    CHECK(object.size() == 5);
    CHECK(object.at("level") == "warning");
    CHECK(object.at("program") == "null_test");
    CHECK(object.at("pid").to_number<int>() > 1);
    CHECK(std::regex_match(word(object, "time"), std::regex{R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"}));
    warnings += word(object, "message").find("the trace /dev/full") == 0 ? 1 : 0;
  }
  CHECK(warnings >= 1);
  CHECK(test::shell("MW_LOG=off " + command).err.empty());
  CHECK(test::shell("MW_LOG=error " + command).err.empty());
  CHECK_FALSE(test::shell("MW_LOG=warning " + command).err.empty());
}

TEST_CASE("where stderr is no terminal, progress that is asked for is lines, and few", "[apps]") {
  const auto run = run_app("busy", {"-n", "1", "--tasks", "20", "--seconds", "0.02", "--progress"});
  CHECK(run.err.find('\r') == std::string::npos);
  CHECK(run.err.find(" of 20 tasks") != std::string::npos);
  CHECK(std::count(run.err.begin(), run.err.end(), '\n') <= 3);
}
