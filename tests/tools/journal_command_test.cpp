// mw journal: what it shows of a journal, and what a program finds when the journal has been written anew.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <mw/mw.hpp>

#include "process/run_program.hpp"
#include "support/program.hpp"
#include "support/temporary.hpp"

namespace {

namespace fs = std::filesystem;

struct Place {
  test::TemporaryFolder folder;
  std::string path = folder.path("run.mwj");
  std::string calls = folder.path("calls");
  std::size_t called() const { return fs::exists(calls) ? fs::file_size(calls) : 0; }
};

void note_call(const std::string& calls) { std::ofstream{calls, std::ios::app} << '.'; }

int noted_square(const std::string& calls, int x) {
  note_call(calls);
  return x * x;
}
std::string noted_text(const std::string& calls, std::size_t size) {
  note_call(calls);
  std::puts("a word");
  return std::string(size, 't');
}
std::size_t noted_count(const std::string& calls) {
  note_call(calls);
  return fs::file_size(calls);
}
int noted_failure(const std::string& calls) {
  note_call(calls);
  throw std::runtime_error{"so it is, \"really\""};
}

/// Large results, map(), equal calls whose results differ, one that fails. Returns how many were found.
std::uint64_t run(const Place& place) {
  mw::Master master{mw::interface("multicore:1"), {.journal = place.path}};
  CHECK(master.get_result(master.submit_task<noted_text>(place.calls, std::size_t{100'000})) == std::string(100'000, 't'));
  CHECK(master.get_result(master.submit_task<noted_text>(place.calls, std::size_t{5'000'000})) == std::string(5'000'000, 't'));
  std::vector<std::tuple<std::string, int>> inputs;
  for (int x = 0; x < 50; ++x) inputs.emplace_back(place.calls, x);
  int sum = 0;
  for (const int square : master.map<noted_square>(inputs)) sum += square;
  CHECK(sum == 40'425);
  for (std::size_t i = 0; i < 3; ++i) CHECK(master.get_result(master.submit_task<noted_count>(place.calls)) == 53 + i);
  CHECK_THROWS_AS(master.get_result(master.submit_task<noted_failure>(place.calls)), mw::TaskError);
  return master.get_status().found;
}

mw::process::ProgramRun journal(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "journal");
  auto run = mw::process::run_program(test::beside("mw"), arguments, {});
  UNSCOPED_INFO(arguments.at(1) << ": " << run.out.substr(0, 2'000) << run.err.substr(0, 2'000));
  return run;
}

std::size_t lines_of(const std::string& text) { return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')); }

void damage(const std::string& path, std::uint64_t from, std::size_t size) {
  std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
  file.seekp(static_cast<std::streamoff>(from));
  file << std::string(size, 'x');
}

}  // namespace

TEST_CASE("mw journal compact leaves what a program asks for, in less room", "[tools][journal]") {
  const Place place;
  CHECK(run(place) == 0);
  CHECK(run(place) > 5);
  CHECK(run(place) > 5);
  CHECK(place.called() == 56 + 2);  // the error, again
  const auto found = run(place);
  const auto before = fs::file_size(place.path);
  SECTION("in its place") { CHECK(journal({"compact", place.path}).death.exit_status == 0); }
  SECTION("by way of a link") {
    const std::string link = place.folder.path("link");
    fs::create_symlink("run.mwj", link);
    CHECK(journal({"compact", link}).death.exit_status == 0);
    CHECK(fs::is_symlink(link));
  }
  SECTION("under another name") {
    CHECK(journal({"compact", place.path, place.folder.path("new.mwj")}).death.exit_status == 0);
    CHECK(journal({"compact", place.path, place.folder.path("new.mwj")}).death.exit_status == 1);  // it is there
    fs::rename(place.folder.path("new.mwj"), place.path);
  }
  SECTION("with --salvage") { CHECK(journal({"compact", "--salvage", place.path}).death.exit_status == 0); }
  for (const char* end : {"-wal", "-shm", "-lock", "-compact"}) CHECK_FALSE(fs::exists(place.path + end));
  CHECK(fs::file_size(place.path) <= before);
  CHECK(journal({"verify", place.path}).death.exit_status == 0);
  const auto called = place.called();
  CHECK(run(place) == found);
  CHECK(place.called() == called + 1);
  CHECK(journal({"compact", place.path}).death.exit_status == 0);
  CHECK(run(place) == found);
}

TEST_CASE("mw journal verify finds damage, and compact --salvage leaves a journal that is whole", "[tools][journal]") {
  const Place place;
  run(place);
  SECTION("of a piece") { damage(place.path, fs::file_size(place.path) / 2, 3'000); }
  SECTION("of the end") { damage(place.path, fs::file_size(place.path) - 9'000, 9'000); }
  CHECK(journal({"verify", place.path}).death.exit_status == 1);
  CHECK(journal({"compact", "--salvage", place.path, place.folder.path("new.mwj")}).death.exit_status == 0);
  CHECK(journal({"verify", place.folder.path("new.mwj")}).death.exit_status == 0);
  const auto called = place.called();
  fs::rename(place.folder.path("new.mwj"), place.path);
  mw::Master master{mw::interface("multicore:1"), {.journal = place.path}};
  CHECK(master.get_result(master.submit_task<noted_text>(place.calls, std::size_t{100'000})).size() == 100'000);
  CHECK(master.get_result(master.submit_task<noted_text>(place.calls, std::size_t{5'000'000})) == std::string(5'000'000, 't'));
  CHECK(place.called() <= called + 2);
}

TEST_CASE("mw journal ls, show and export tell of each task", "[tools][journal]") {
  const Place place;
  run(place);
  const auto ls = journal({"ls", "--tasks", place.path});
  CHECK(ls.death.exit_status == 0);
  CHECK_THAT(ls.out, Catch::Contains("1:1 ") && Catch::Contains("noted_text") && Catch::Contains("failed"));
  const auto show = journal({"show", place.path, "1:1"});
  CHECK_THAT(show.out, Catch::Contains("state     finished") && Catch::Contains("a word") && Catch::Contains("result"));
  CHECK(journal({"show", "--raw", place.path, "2"}).out.size() > 5'000'000);
  const auto csv = journal({"export", "--csv", place.path});
  const auto json = journal({"export", place.path});
  CHECK(lines_of(csv.out) == lines_of(json.out) + 1);
  CHECK_THAT(csv.out, Catch::Contains("so it is, \"\"really\"\""));
  CHECK_THAT(json.out, Catch::Contains("so it is, \\\"really\\\""));
  for (const char* task : {"99999", "7:1", "18446744073709551615:18446744073709551615"}) {
    const auto unknown = journal({"show", place.path, task});
    CHECK(unknown.death.exit_status == 1);
    CHECK(unknown.out.empty());
  }
  for (const char* task : {"", ":", "1:", ":1", "-1", "1:2:3", "99999999999999999999", "x"}) {
    const auto wrong = journal({"show", place.path, task});
    CHECK(wrong.death.exit_status != 0);
    CHECK_FALSE(wrong.death.signaled);
    CHECK(wrong.out.empty());
  }
}

TEST_CASE("mw journal says what is wrong with its arguments, and makes no file", "[tools][journal]") {
  const Place place;
  for (const char* what : {"ls", "verify", "compact", "export"}) {
    const auto missing = journal({what, place.path});
    CHECK(missing.death.exit_status == 1);
    CHECK_THAT(missing.err, Catch::Contains(place.path));
    CHECK(fs::is_empty(place.folder.path("")));
    CHECK(journal({what}).death.exit_status != 0);
  }
  CHECK(journal({"adopt", place.path, "program"}).death.exit_status == 1);
  CHECK(fs::is_empty(place.folder.path("")));
  CHECK(journal({"nonsense", place.path}).death.exit_status != 0);
  std::ofstream{place.path} << "no journal";
  CHECK_THAT(journal({"ls", place.path}).err, Catch::Contains("is no journal of CppMW"));
  CHECK(fs::file_size(place.path) == 10);
}

TEST_CASE("mw journal looks into a journal that a master has, and changes none of it", "[tools][journal]") {
  const Place place;
  const mw::Master master{mw::interface("serial"), {.journal = place.path}};
  for (const char* what : {"ls", "verify", "export"}) CHECK(journal({what, place.path}).death.exit_status == 0);
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"compact", place.path}, {"adopt", place.path, "other"}}) {
    const auto refused = journal(arguments);
    CHECK(refused.death.exit_status == 1);
    CHECK_THAT(refused.err, Catch::Contains("is in use by process " + std::to_string(::getpid())));
  }
  CHECK_FALSE(fs::exists(place.path + "-compact"));
}

TEST_CASE("mw journal ends when nobody reads what it writes", "[tools][journal]") {
  const Place place;
  run(place);
  const std::string command = "\"$0\" journal show --raw \"$1\" 2";
  for (const std::string end : {" | head -c 10 >/dev/null", " >&-", " >/dev/full"}) {
    const auto ended = mw::process::run_program("/bin/sh", {"-c", command + end, test::beside("mw"), place.path}, {});
    CAPTURE(end, ended.err);
    CHECK_FALSE(ended.death.signaled);
    CHECK(ended.err.size() < 1'000);
  }
}

TEST_CASE("mw journal adopt gives a journal to a program of another name", "[tools][journal]") {
  const Place place;
  run(place);
  CHECK(journal({"adopt", place.path, "other"}).death.exit_status == 0);
  CHECK_THROWS_WITH((mw::Master{mw::interface("serial"), {.journal = place.path}}), Catch::Contains("another program, \"other\""));
  const std::string own = fs::read_symlink("/proc/self/exe").filename();
  CHECK(journal({"adopt", place.path, own}).death.exit_status == 0);
  CHECK(run(place) > 5);
}
