// What a volunteer must not forget, and what it makes of a folder in which something else may lie.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include <mw/error.hpp>

#include "boinc/volunteer/slot_files.hpp"
#include "boinc/volunteer/state.hpp"
#include "support/temporary.hpp"

using namespace mw::boinc;
namespace fs = std::filesystem;

TEST_CASE("a volunteer that starts again is the same host with the same tasks, and nobody else reads of it", "[boinc][volunteer]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("state.json");
  VolunteerState state;
  state.url = "http://x/";
  state.host_id = 7;
  state.rpc_seqno = 8;
  state.cross_project_id = "secret";
  VolunteerTask& task = state.tasks.emplace_back();
  task.name = "pi_1_0";
  task.stage = Stage::uploading;
  task.inputs.emplace_back().open_name = "in";
  task.output.info.upload_permission = "permission\r\nof several lines";
  task.report.stderr_text = "\x1b[31m\"quoted\"\n\xff";
  task.report.files.push_back({"out", 1e12, "md5"});
  task.starts = 2;
  state.save(path);
  struct stat status = {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  const VolunteerState again = VolunteerState::load(path);
  CHECK(again.host_id == 7);
  CHECK(again.cross_project_id == "secret");
  REQUIRE(again.tasks.size() == 1);
  const VolunteerTask& read = again.tasks.front();
  CHECK(read.stage == Stage::uploading);
  CHECK(read.inputs.at(0).open_name == "in");
  CHECK(read.output.info.upload_permission == "permission\r\nof several lines");
  CHECK(read.report.name == "pi_1_0");
  CHECK(read.report.files.at(0).nbytes == 1e12);
  CHECK(read.starts == 2);
  CHECK(read.report.stderr_text == "\\x1b[31m\"quoted\"\n\\xff");
}

TEST_CASE("a state that cannot be read is an error that names the file, and none is a fresh one", "[boinc][volunteer]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("state.json");
  CHECK(VolunteerState::load(path).host_id == 0);
  VolunteerState{}.save(path);
  const auto whole = fs::file_size(path);
  for (const auto size : {whole - 3, whole / 2, std::uintmax_t{0}}) {
    fs::resize_file(path, size);
    CHECK_THROWS_WITH(VolunteerState::load(path), Catch::Contains(path) && Catch::Contains("remove it"));
  }
  std::ofstream{path} << "[]";
  CHECK_THROWS_AS(VolunteerState::load(path), mw::InterfaceError);
}

TEST_CASE("what a task puts in a file's place is neither followed nor waited for", "[boinc][volunteer]") {
  const test::TemporaryFolder folder;
  const fs::path file = folder.path("file"), link = folder.path("link"), pipe = folder.path("pipe");
  std::ofstream{file} << "somebody's own";
  fs::create_symlink(file, link);
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  for (const fs::path& path : {link, pipe, fs::path{folder.path(".")}, fs::path{folder.path("none")}})
    CHECK_THROWS_AS(open_plain(path, O_RDONLY), mw::InterfaceError);
  CHECK(end_of(open_plain(file, O_RDONLY), 3) == "own");
  CHECK(end_of(open_plain(file, O_RDONLY), 1000) == "somebody's own");
  write_anew(link, "another");  // the link goes, not what it points to
  CHECK_FALSE(fs::is_symlink(link));
  CHECK(size_of(open_plain(file, O_RDONLY)) == 14);
}
