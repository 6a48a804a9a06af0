// The parts of mw run: inputs, what stands for them in a command, when to stop, the log.
#include <catch2/catch.hpp>

#include <fstream>

#include "run/command_template.hpp"
#include "run/halt.hpp"
#include "run/inputs.hpp"
#include "run/job_count.hpp"
#include "run/joblog.hpp"
#include "support/errors.hpp"
#include "support/temporary.hpp"

using namespace mw::run;

namespace {

using Origin = InputPlan::Origin;

std::vector<Row> rows_of(const InputPlan& plan) {
  Rows rows{plan};
  std::vector<Row> all;
  while (auto row = rows.next()) all.push_back(std::move(*row));
  return all;
}

InputPlan plan_of(std::vector<Origin> origins) {
  InputPlan plan;
  plan.origins = std::move(origins);
  return plan;
}

std::vector<std::string> expanded(std::vector<std::string> command, const Row& row, bool for_shell = false) {
  return CommandTemplate{std::move(command), for_shell}.of(row, 7).words;
}

}  // namespace

TEST_CASE("lists of inputs are combined, linked, split and gathered", "[tools][run]") {
  const Origin letters{false, false, {"a", "b"}}, digits{false, false, {"1", "2", "3"}}, with{false, true, {"x", "y", "z"}};
  CHECK(rows_of(plan_of({letters})) == std::vector<Row>{{"a"}, {"b"}});
  CHECK(rows_of(plan_of({letters, digits})).size() == 6);
  CHECK(rows_of(plan_of({letters, digits}))[4] == Row{"b", "2"});
  CHECK(rows_of(plan_of({letters, with})) == std::vector<Row>{{"a", "x"}, {"b", "y"}});
  CHECK(rows_of(plan_of({letters, Origin{}})).empty());
  InputPlan plan = plan_of({letters, digits});
  plan.link = true;
  CHECK(rows_of(plan) == std::vector<Row>{{"a", "1"}, {"b", "2"}, {"a", "3"}});
  plan = plan_of({digits});
  plan.values_per_job = 2;
  CHECK(rows_of(plan) == std::vector<Row>{{"1", "2"}, {"3"}});
  plan = plan_of({Origin{false, false, {"a,b", "c,,d"}}});
  plan.column_separator = ",";
  CHECK(rows_of(plan) == std::vector<Row>{{"a", "b"}, {"c", "", "d"}});
  plan.column_separator = "(";
  CHECK_FALSE(test::usage_error([&] { rows_of(plan); }).empty());
  plan = plan_of({digits});
  plan.shuffle = true;
  CHECK(rows_of(plan).size() == 3);
}

TEST_CASE("a file's lines are inputs, the last one without its end, too", "[tools][run]") {
  const test::TemporaryFolder folder;
  std::ofstream{folder.path("lines")} << "one\n\nthree";
  CHECK(rows_of(plan_of({Origin{true, false, {folder.path("lines")}}})) == std::vector<Row>{{"one"}, {""}, {"three"}});
  InputPlan zeros = plan_of({Origin{true, false, {folder.path("lines")}}});
  zeros.end = '\0';
  CHECK(rows_of(zeros) == std::vector<Row>{{"one\n\nthree"}});
  CHECK(test::usage_error([&] {
          rows_of(plan_of({Origin{true, false, {folder.path("no")}}}));
        }).find("cannot be read") != std::string::npos);
}

TEST_CASE("what stands in braces becomes an input, or a part of one", "[tools][run]") {
  const Row path{"d.x/a b.tar.gz"};
  CHECK(expanded({"cp", "{}", "{.}"}, path) == std::vector<std::string>{"cp", "d.x/a b.tar.gz", "d.x/a b.tar"});
  CHECK(expanded({"{/}", "{//}", "{/.}"}, path) == std::vector<std::string>{"a b.tar.gz", "d.x", "a b.tar"});
  CHECK(expanded({"{//}", "{.}"}, {"plain"}) == std::vector<std::string>{".", "plain"});
  CHECK(expanded({"{.}"}, {"d.x/plain"}) == std::vector<std::string>{"d.x/plain"});
  CHECK(expanded({"{//}"}, {"/top"}) == std::vector<std::string>{"/"});
  CHECK(expanded({"{2}-{1}", "{2.}"}, {"a", "b.c"}) == std::vector<std::string>{"b.c-a", "b"});
  CHECK(expanded({"job{#}"}, {"a"}) == std::vector<std::string>{"job7"});
  CHECK(expanded({"{x}", "{", "}{"}, {"a"}) == std::vector<std::string>{"{x}", "{", "}{", "a"});
  CHECK(expanded({"echo"}, {"a", "b c"}) == std::vector<std::string>{"echo", "a", "b c"});
  CHECK(expanded({"={}"}, {"a", "b"}) == std::vector<std::string>{"=a b"});
  CHECK(expanded({"{99999999999999999999}"}, {"a"}) == std::vector<std::string>{"{99999999999999999999}", "a"});
  CHECK(expanded({"{}"}, {"{1}"}) == std::vector<std::string>{"{1}"});  // an input is no command
  const Words places = CommandTemplate{{"x", "a{%}b{%}"}, false}.of({"v"}, 1);
  CHECK(places.words == std::vector<std::string>{"x", "ab"});
  CHECK(places.places == std::vector<std::pair<std::uint32_t, std::uint32_t>>{{1, 1}, {1, 2}});
  const Words line = CommandTemplate{{"wc", "<{}", ">{%}"}, true}.of({"it's"}, 1);
  CHECK(line.words == std::vector<std::string>{"wc <'it'\\''s' >"});
  CHECK(line.places == std::vector<std::pair<std::uint32_t, std::uint32_t>>{{0, static_cast<std::uint32_t>(line.words[0].size())}});
  CHECK(shown({"echo", "", "a b", "plain-1.txt"}) == "echo '' 'a b' plain-1.txt");
}

TEST_CASE("a run halts when it was said to", "[tools][run]") {
  Halt never = Halt::of("never");
  for (int i = 0; i < 100; ++i) never.count(false);
  CHECK_FALSE(never.is_due());
  Halt second = Halt::of("now,fail=2");
  second.count(false);
  second.count(true);
  CHECK_FALSE(second.is_due());
  second.count(false);
  CHECK(second.is_due());
  CHECK(second.ends_running());
  Halt half = Halt::of("soon,fail=50%");
  half.count(false);
  CHECK_FALSE(half.is_due());  // one job says nothing
  half.count(true);
  half.count(false);
  CHECK(half.is_due());
  CHECK_FALSE(half.ends_running());
  Halt done = Halt::of("soon,done=1");
  done.count(true);
  CHECK(done.is_due());
  CHECK_FALSE(done.is_for_failures());
  for (const char* bad :
       {"", "now", "now,fail", "now,fail=0", "later,fail=1", "now,luck=1", "now,fail=x", "now,fail=101%", "now=fail,1"})
    CHECK_FALSE(test::usage_error([&] { Halt::of(bad); }).empty());
}

TEST_CASE("a joblog goes on behind its last whole line", "[tools][run]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("log");
  CHECK(done_in_joblog(path, false).empty());
  {
    Joblog log{path, false};
    log.add({.number = 1, .host = ":", .command = "echo a\tb\nc"});
    log.add({.number = 2, .host = "pi", .exit_status = 3, .command = "false"});
    log.add({.number = 3, .host = "pi", .signal = 9, .command = ""});
  }
  std::ofstream{path, std::ios::app} << "4\t:\t1.0";
  CHECK(done_in_joblog(path, false) == std::set<std::uint64_t>{1, 2, 3});
  CHECK(done_in_joblog(path, true) == std::set<std::uint64_t>{1});
  { Joblog{path, true}.add({.number = 2, .host = ":", .command = "true"}); }
  CHECK(done_in_joblog(path, true) == std::set<std::uint64_t>{1, 2});
  CHECK(done_in_joblog(path, false).count(4) == 0);
  std::ofstream{folder.path("other")} << "something else\n";
  CHECK_FALSE(test::usage_error([&] { done_in_joblog(folder.path("other"), false); }).empty());
}

TEST_CASE("how many jobs run at a time may follow the cores", "[tools][run]") {
  CHECK(job_count_of("3", 8) == 3);
  CHECK(job_count_of("50%", 8) == 4);
  CHECK(job_count_of("150%", 2) == 3);
  CHECK(job_count_of("1%", 8) == 1);
  CHECK(job_count_of("+2", 8) == 10);
  CHECK(job_count_of("-2", 8) == 6);
  CHECK(job_count_of("-9", 8) == 1);
  CHECK(job_count_of("+0", 8) == 8);
  for (const char* const wrong :
       {"", "0", "0%x", "half", "+", "%", "+5%", "-", "--1", "1.5", "65537", "1e3", "99999999999999999999"}) {
    INFO(wrong);
    CHECK(!test::usage_error([&] { job_count_of(wrong, 8); }).empty());
  }
}
