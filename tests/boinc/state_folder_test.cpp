// Folders of runs that were killed, and of others that still run.
#include <catch2/catch.hpp>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include <mw/mw.hpp>

#include "boinc/state_folder.hpp"
#include "process/place.hpp"
#include "support/temporary.hpp"

namespace fs = std::filesystem;
using mw::boinc::StateFolder;

namespace {

/// A folder for temporary files that is this test's own.
class OwnTemporary {
 public:
  OwnTemporary() { ::setenv("TMPDIR", folder_.path("").c_str(), 1); }
  ~OwnTemporary() {
    if (before_)
      ::setenv("TMPDIR", before_->c_str(), 1);
    else
      ::unsetenv("TMPDIR");
  }
  OwnTemporary(const OwnTemporary&) = delete;
  OwnTemporary& operator=(const OwnTemporary&) = delete;

 private:
  const std::optional<std::string> before_ =
      std::getenv("TMPDIR") ? std::optional<std::string>{std::getenv("TMPDIR")} : std::nullopt;
  const test::TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("a temporary folder goes with its run, and only the user can look into it", "[boinc][state]") {
  const OwnTemporary temporary;
  std::optional<StateFolder> folder{std::in_place, "temporary", "x"};
  const std::string path = folder->path();
  CHECK(fs::status(path).permissions() == fs::perms::owner_all);
  CHECK(fs::status(fs::path{path}.parent_path()).permissions() == fs::perms::owner_all);
  folder.reset();
  CHECK_FALSE(fs::exists(path));
}

TEST_CASE("what a killed run left is removed by the next one, and what is in use stays", "[boinc][state]") {
  const OwnTemporary temporary;
  const StateFolder in_use{"temporary", "x"};
  const fs::path common = mw::process::make_temporary_folder();
  const fs::path killed = common / "boinc-killed", killed_early = common / "boinc-early", others = common / "4242";
  for (const fs::path& path : {killed, killed_early, others}) fs::create_directories(path);
  for (const char* name : {"lock", "code_sign_private"}) std::ofstream{killed / name} << "x";
  // Any run looks, not only one with a temporary folder.
  const test::TemporaryFolder given;
  const bool is_temporary = GENERATE(true, false);
  const StateFolder next{is_temporary ? "temporary" : given.path("state"), "x"};
  CHECK(fs::exists(in_use.path()));
  CHECK_FALSE(fs::exists(killed));
  CHECK_FALSE(fs::exists(killed_early));
  CHECK(fs::exists(others));
}

TEST_CASE("a folder that is in use is refused with its name", "[boinc][state]") {
  const test::TemporaryFolder given;
  const StateFolder first{given.path("state"), "x"};
  CHECK_THROWS_WITH((StateFolder{given.path("state"), "x"}), Catch::Contains(given.path("state")) && Catch::Contains("in use"));
}

TEST_CASE("a folder that is not empty and no project's is refused, and stays as it is", "[boinc][state]") {
  const test::TemporaryFolder home;
  const fs::path mine = home.path("mine");
  for (const char* name : {"download", "upload"}) {
    fs::create_directories(mine / name);
    std::ofstream{mine / name / "thesis"} << "years of work";
  }
  fs::permissions(mine, fs::perms{0755});
  CHECK_THROWS_WITH((StateFolder{mine, "x"}), Catch::Contains("not empty") && Catch::Contains(mine.string()));
  CHECK_THROWS_AS(mw::Master{mw::interface("boinc:?listen=127.0.0.1:0&state=" + mine.string())}, mw::InterfaceError);
  CHECK(fs::exists(mine / "download/thesis"));
  CHECK(fs::exists(mine / "upload/thesis"));
  CHECK(std::distance(fs::directory_iterator{mine}, {}) == 2);
  CHECK(fs::status(mine).permissions() == fs::perms{0755});
}

TEST_CASE("an empty folder, and one that a run has made, are taken", "[boinc][state]") {
  const test::TemporaryFolder home;
  fs::create_directories(home.path("state"));
  for (int run = 0; run < 2; ++run) {
    const StateFolder folder{home.path("state/"), "x"};
    CHECK(folder.path() == fs::canonical(home.path("state")).string());
    CHECK(fs::status(folder.path()).permissions() == fs::perms::owner_all);
    std::ofstream{fs::path{folder.path()} / "project.db"} << "x";
  }
  fs::create_directory_symlink(home.path("state"), home.path("link"));  // the user's own
  CHECK(StateFolder{home.path("link"), "x"}.path() == fs::canonical(home.path("state")).string());
}

TEST_CASE("S8: a folder that others can write to, or with links in it, is refused", "[boinc][state][S8]") {
  const test::TemporaryFolder home;
  const fs::path state = home.path("state"), elsewhere = home.path("elsewhere");
  { const StateFolder made{state, "x"}; }
  fs::permissions(state, fs::perms{0777});
  CHECK_THROWS_WITH((StateFolder{state, "x"}), Catch::Contains("others may write"));
  CHECK(fs::status(state).permissions() == fs::perms{0777});
  fs::permissions(state, fs::perms{0700});
  for (const char* name : {"project.db", "account_key", "code_sign_private", "upload_private", "download", "upload", "lock"}) {
    fs::remove(state / name);
    fs::create_symlink(elsewhere, state / name);
    CHECK_THROWS_WITH((StateFolder{state, "x"}), Catch::Contains("link") && Catch::Contains(name));
    fs::remove(state / name);
  }
  CHECK_FALSE(fs::exists(elsewhere));
  if (::getuid() == 0) {  // who else could make a folder of another user's
    REQUIRE(::chown(state.c_str(), 12345, 12345) == 0);
    CHECK_THROWS_WITH((StateFolder{state, "x"}), Catch::Contains("belongs to user 12345"));
  }
}

TEST_CASE("without a home a project's folder must be named", "[boinc][state]") {
  const test::TemporaryFolder given;
  const char* home = std::getenv("HOME");
  const char* state = std::getenv("XDG_STATE_HOME");
  const std::string home_before = home ? home : "", state_before = state ? state : "";
  ::unsetenv("HOME");
  ::unsetenv("XDG_STATE_HOME");
  CHECK_THROWS_WITH((StateFolder{"", "x"}), Catch::Contains("state="));
  CHECK_NOTHROW(StateFolder{given.path("state"), "x"});
  if (home) ::setenv("HOME", home_before.c_str(), 1);
  if (state) ::setenv("XDG_STATE_HOME", state_before.c_str(), 1);
}

TEST_CASE("S8: what lies in a folder for temporary files that is not the user's alone is left alone", "[boinc][state][S8]") {
  const OwnTemporary temporary;
  const test::TemporaryFolder given, mine;
  fs::create_directories(mine.path("boinc-x"));
  fs::create_directory_symlink(mine.path(""), mw::process::temporary_folder_path());  // as anyone could have put there
  const StateFolder folder{given.path("state"), "x"};
  CHECK(fs::exists(mine.path("boinc-x")));
  CHECK_THROWS_AS((StateFolder{"temporary", "x"}), mw::InterfaceError);
}
