// Task options as a user gives them: what is filled in, and what is refused, in which words.
#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include "master/options.hpp"
#include "support/errors.hpp"
#include "support/forked.hpp"
#include "support/temporary.hpp"

using namespace mw;
using namespace mw::detail;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

std::string why(const TaskOptions& options) {
  return test::usage_error([&] { static_cast<void>(checked(options)); });
}
TaskOptions with(DataFile file) { return {.files = {std::move(file)}}; }

}  // namespace

TEST_CASE("data files get their whole path, and the name that they have", "[master]") {
  const test::TemporaryFolder folder;
  std::ofstream{folder.path("data")} << "x";
  const auto home = std::filesystem::current_path();
  std::filesystem::current_path(folder.path("."));
  const TaskOptions options = checked({.files = {{"data"}, {"./data", "sub/other"}}});
  std::filesystem::current_path(home);
  REQUIRE(options.files.size() == 2);
  CHECK(std::filesystem::path{options.files[0].from}.is_absolute());
  CHECK(std::filesystem::equivalent(options.files[0].from, folder.path("data")));
  CHECK(options.files[0].to == "data");
  CHECK(options.files[1].to == "sub/other");
}

TEST_CASE("a data file that no worker could place is refused, by its name", "[master]") {
  const test::TemporaryFolder folder;
  std::ofstream{folder.path("data")} << "x";
  std::filesystem::create_directory(folder.path("folder"));
  REQUIRE(::mkfifo(folder.path("pipe").c_str(), 0600) == 0);
  CHECK(why(with(folder.path("none"))) == "data file \"" + folder.path("none") + "\": there is no such file");
  CHECK_THAT(why(with("")), Contains("data file"));
  CHECK_THAT(why(with(folder.path("folder"))), Contains("is not a regular file"));
  CHECK_THAT(why(with(folder.path("pipe"))), Contains("is not a regular file"));
  CHECK_THAT(why(with({folder.path("data"), "/etc/passwd"})), Contains("its path in the task's folder, \"/etc/passwd\""));
  CHECK_THAT(why(with({folder.path("data"), "../out"})), Contains("its path in the task's folder"));
  CHECK_THAT(why(with(std::string{"/etc/pass\0wd", 12})), Contains("has a zero byte in it, behind \"/etc/pass\""));
  CHECK(why({.files = {{folder.path("data"), "a"}, {folder.path("data"), "a"}}}) == "task options: two data files are to be \"a\"");
}

TEST_CASE("limits are neither below 0 nor out of order, and one that nobody lives to see is none", "[master]") {
  CHECK(why({.soft_limit = -1ns}) == "task options: soft_limit is below 0");
  CHECK(why({.hard_limit = -1ns}) == "task options: hard_limit is below 0");
  CHECK(why({.soft_limit = 2s, .hard_limit = 1s}) == "task options: soft_limit is after hard_limit");
  CHECK(why({.soft_limit = 1s, .hard_limit = 1s}).empty());
  CHECK(why({.soft_limit = 1s}).empty());
  const TaskOptions endless =
      checked({.soft_limit = std::chrono::nanoseconds::max(), .hard_limit = std::chrono::hours{24 * 365 * 100 + 24 * 30}});
  CHECK(endless.soft_limit.count() == 0);
  CHECK(endless.hard_limit.count() == 0);
  CHECK(checked({.hard_limit = std::chrono::hours{24 * 365 * 90}}).hard_limit == std::chrono::hours{24 * 365 * 90});
}

TEST_CASE("a patience that is no number is refused", "[master][stop]") {
  const Timeout none{std::numeric_limits<double>::quiet_NaN()};
  CHECK_THAT(test::usage_error([&] { Master{interface("serial"), {.stop_on_signals = none}}; }), Contains("not a number"));
  Master master{interface("serial")};
  CHECK_THAT(test::usage_error([&] { master.stop(none); }), Contains("not a number"));
  CHECK_FALSE(master.is_stopping());
}

TEST_CASE("as many losses are possible as can be counted", "[master]") {
  CHECK(checked({.max_losses = 62}).max_losses == 62);
  CHECK(why({.max_losses = 63}) == "task options: max_losses is 63; at most 62 is possible");
  CHECK_THAT(why({.max_losses = std::numeric_limits<std::uint32_t>::max()}), Contains("at most 62"));
}

TEST_CASE("a program that no system call would take is refused, all others are the worker's business", "[master]") {
  const auto refused = [](const Program& program) { return test::usage_error([&] { check(program, {}); }); };
  CHECK_THAT(refused({.path = std::string{"/bin/l\0s", 8}}), Contains("a program's path has a zero byte in it, behind \"/bin/l\""));
  CHECK_THAT(refused({.path = "/bin/ls", .args = {"fine", std::string{"\0", 1}}}),
             Contains("an argument of a program has a zero byte"));
  CHECK(refused({.path = "/nonexistent/program", .args = {"", "\xff"}}).empty());
}
