// A journal in a place that has no room for it, or is none for a journal.
#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "process/run_program.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"
#include "support/temporary.hpp"

namespace {

namespace fs = std::filesystem;

constexpr const char* sum_of_2000 = "2664669000\n";

/// One that nothing holds up goes to its end.
mw::process::ProgramRun run_script(const std::string& script, const test::TemporaryFolder& folder) {
  auto run = mw::process::run_program("/bin/sh", {"-c", script, test::beside("journalled_run"), folder.path("")}, {});
  UNSCOPED_INFO(script << ":\n" << run.out << run.err);
  return run;
}

/// On a disk of 4 MB of its own, of which all but 296 KB are taken. Exit status 77 where that is not to be had.
mw::process::ProgramRun on_full_disk(const std::string& script, const test::TemporaryFolder& folder) {
  fs::create_directory(folder.path("disk"));
  fs::create_symlink("disk/run.mwj", folder.path("run.mwj"));
  return run_script(R"(exec unshare -m sh -c '
      cd "$1" && mount -t tmpfs -o size=4m none disk || exit 77
      : >disk/run.mwj
      head -c 3800k /dev/zero >disk/filler
      )" + script + "' \"$0\" \"$1\"",
                    folder);
}

bool has_no_disk(const mw::process::ProgramRun& run) {
  const bool has_none = run.death.exit_status == 77 || run.err.find("unshare") != std::string::npos;
  if (has_none) WARN("left out: no file system can be mounted here");
  return has_none;
}

std::size_t times_of(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

/// As somebody who is not root.
std::string as_nobody() { return ::geteuid() == 0 ? "setpriv --reuid 65534 --regid 65534 --clear-groups " : ""; }

}  // namespace

TEST_CASE("P52: on a full disk a run with a journal waits, says so once, and goes on when there is room",
          "[faults][P52][journal]") {
  const test::TemporaryFolder folder;
  const auto run = on_full_disk(R"("$0" serial . 2000 always all 2>err &
      while ! grep -q "cannot be written" err && kill -0 $!; do sleep 0.05; done
      sleep 0.3
      rm disk/filler
      wait $!)",
                                folder);
  if (has_no_disk(run)) return;
  CHECK(run.death.exit_status == 0);
  CHECK(run.out == sum_of_2000);
  const std::string err = test::file_text(folder.path("err"));
  CAPTURE(err);
  CHECK(times_of(err, "the disk is full") == 1);
  CHECK(times_of(err, "is written again") == 1);
}

TEST_CASE("P52: a run that ends on a full disk says what its journal lacks", "[faults][P52][journal]") {
  const test::TemporaryFolder folder;
  const auto run = on_full_disk(R"("$0" serial . 12000 soon all >out 2>err; code=$?
      rm disk/filler; "$0" serial . 12000 soon all | cmp - out && exit $code)",
                                folder);
  if (has_no_disk(run)) return;
  CHECK(run.death.exit_status == 0);
  const std::string err = test::file_text(folder.path("err"));
  CAPTURE(err);
  CHECK(times_of(err, "cannot be written") == 1);
  CHECK(times_of(err, "lacks what ended last, and that will run again") == 1);
}

TEST_CASE("P52: a limit on file sizes ends no run with a journal, and is named", "[faults][P52][journal][limits]") {
  const test::TemporaryFolder folder;
  const auto run = run_script("ulimit -f 300; \"$0\" serial \"$1\" 6000 soon all", folder);
  CHECK(run.death.exit_status == 0);
  CHECK(run.out == "71982007000\n");
  CHECK_THAT(run.err, Catch::Contains("ulimit -f") && Catch::Contains("lacks what ended last"));
  const auto tiny = run_script("ulimit -f 8; rm \"$1\"/*; \"$0\" serial \"$1\" 10 always all", folder);
  CHECK(tiny.death.exit_status == 3);
  CHECK_THAT(tiny.err, Catch::Contains("ulimit -f"));
}

TEST_CASE("a limit on file sizes ends no run with a cache, nor mw run with a journal, and is named", "[faults][journal][limits]") {
  const test::TemporaryFolder folder;
  const auto run = run_script("ulimit -f 300; \"$0\" serial \"$1\" 6000 cache", folder);
  CHECK(run.death.exit_status == 0);
  CHECK(run.out == "71982007000\n");
  CHECK_THAT(run.err, Catch::Contains("ulimit -f") && Catch::Contains("keeps nothing new"));
  const auto tiny = run_script("ulimit -f 8; rm \"$1\"/*; \"$0\" serial \"$1\" 10 cache", folder);
  CHECK(tiny.death.exit_status == 3);
  CHECK_THAT(tiny.err, Catch::Contains("ulimit -f"));
  const auto jobs = run_script("ulimit -f 8; \"${0%/*}/mw\" run --journal \"$1/jobs.mwj\" echo ::: 1 2", folder);
  CHECK(jobs.death.exit_status == 1);
  CHECK_THAT(jobs.err, Catch::Contains("ulimit -f"));
}

TEST_CASE("P52: what can be no journal is an error at once, and stays as it was", "[faults][P52][journal]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("run.mwj");
  std::string reason = "is no regular file";
  SECTION("a pipe") { REQUIRE(::mkfifo(path.c_str(), 0600) == 0); }
  SECTION("a folder") { fs::create_directory(path); }
  SECTION("a device") { fs::create_symlink("/dev/zero", path); }
  SECTION("a link to itself") {
    fs::create_symlink("run.mwj", path);
    reason = "Too many levels of symbolic links";
  }
  SECTION("a link to nowhere") {
    fs::create_symlink("missing/run.mwj", path);
    reason = "run.mwj cannot be opened";
  }
  SECTION("a folder in the place of its log") {
    fs::create_directory(path + "-wal");
    reason = "the journal cannot be used";
  }
  const auto run = run_script("exec \"$0\" serial \"$1\" 10 always all", folder);
  CHECK(run.death.exit_status == 3);
  CHECK_THAT(run.err, Catch::Contains(reason));
  CHECK_FALSE(fs::exists(path + "-lock"));
}

TEST_CASE("P52: a journal that this user may not write is an error that says so", "[faults][P52][journal]") {
  const test::TemporaryFolder folder;
  REQUIRE(run_script("exec \"$0\" serial \"$1\" 10 always all", folder).death.exit_status == 0);
  std::ofstream{folder.path("run.mwj"), std::ios::app}.flush();
  for (const char* name : {"ran", "delivered"}) fs::permissions(folder.path(name), fs::perms::all);
  const auto refusal = [&](fs::perms of_folder, fs::perms of_file) {
    fs::permissions(folder.path("run.mwj"), of_file);
    fs::permissions(folder.path(""), of_folder);
    const auto run = run_script("exec " + as_nobody() + "\"$0\" serial \"$1\" 10 always all", folder);
    fs::permissions(folder.path(""), fs::perms::all);
    fs::permissions(folder.path("run.mwj"), fs::perms::all);
    const bool is_left_out = run.death.exit_status == 126 || run.death.exit_status == 127;
    if (is_left_out) WARN("left out: nobody cannot run this build's programs");
    CHECK((is_left_out || run.death.exit_status == 3));
    return is_left_out ? "Permission denied readonly" : run.err;
  };
  constexpr auto readable = fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read;
  constexpr auto searchable = readable | fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;
  CHECK_THAT(refusal(searchable, readable), Catch::Contains("Permission denied"));
  CHECK_THAT(refusal(fs::perms::all, readable), Catch::Contains("readonly"));
  CHECK_THAT(refusal(fs::perms::all, fs::perms::none), Catch::Contains("Permission denied"));
}

TEST_CASE("P52: of two programs with one journal, under two names of it, the second one names the first",
          "[faults][P52][journal]") {
  const test::TemporaryFolder folder;
  fs::create_directory(folder.path("other"));
  fs::create_symlink("../run.mwj", folder.path("other/run.mwj"));
  test::Program first{test::beside("journalled_run"), {"serial", folder.path(""), "1000000", "soon", "all"}, "CPPMW_TEST=place"};
  REQUIRE(test::eventually([&] { return fs::exists(folder.path("ran")); }));
  const auto second = run_script("exec \"$0\" serial \"$1/other\" 10 soon all", folder);
  CHECK(second.death.exit_status == 3);
  CHECK_THAT(second.err, Catch::Contains("is in use by process " + std::to_string(first.pid()) + " "));
}

TEST_CASE("a journal is kept without a home folder and with closed standard streams", "[faults][journal]") {
  const test::TemporaryFolder folder;
  const auto run = run_script("exec env -i \"$0\" serial \"$1\" 100 always all <&- 2>&-", folder);
  CHECK(run.death.exit_status == 0);
  const auto again = run_script("exec \"$0\" serial \"$1\" 100 always all", folder);
  CHECK(again.out == run.out);
  CHECK(fs::file_size(folder.path("ran")) == 100 * sizeof(std::uint64_t));
}
