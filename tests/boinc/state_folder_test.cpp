// Folders of runs that were killed, and of others that still run.
#include <catch2/catch.hpp>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

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
