// A project's download folder: where a file is there, and what is not as two users need it.
#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <mw/error.hpp>

#include "boinc/setup/download_tree.hpp"
#include "boinc/setup/new_project.hpp"

using namespace mw::boinc;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

constexpr mode_t open_to_group = 02775;

mode_t mode_of(const std::string& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

/// A tree of four folders, of which there is the one above them.
struct Tree {
  Tree() { open(""); }
  /// Makes it if need be.
  void open(const std::string& name, mode_t mode = open_to_group) const {
    fs::create_directories(path(name));
    REQUIRE(::chmod(path(name).c_str(), mode) == 0);
  }
  std::string path(const std::string& name) const { return name.empty() ? tree.folder : tree.folder + "/" + name; }

  test::TemporaryFolder folder;
  const DownloadTree tree{folder.path("download"), 4};
};

}  // namespace

TEST_CASE("a file lies in the folder that BOINC's hash of its name says", "[boinc][setup]") {
  // sched/sched_util.cpp, dir_hier_path: characters 2 to 8 of the MD5 as a hexadecimal number, modulo the fanout.
  CHECK(DownloadTree{"/d", 1024}.path_of("pi_1_in") == "/d/95/pi_1_in");
  CHECK(DownloadTree{"/d", 1024}.path_of("data") == "/d/338/data");
  CHECK(DownloadTree{"/d", 7}.path_of("data") == "/d/3/data");
  CHECK(DownloadTree{"/d", 1}.path_of("data") == "/d/0/data");
}

TEST_CASE("the download folder is where config.xml says", "[boinc][setup]") {
  const test::NewProject project;
  const DownloadTree tree = download_tree(project.path());
  CHECK(tree.folder == project.path("download"));
  CHECK(tree.fanout == 4);
  project.write_config("<download_dir> /d </download_dir><uldl_dir_fanout>99999999999</uldl_dir_fanout>");
  CHECK(download_tree(project.path()).folder == "/d");
  CHECK(download_tree(project.path()).fanout == 1'000'000);  // and no loop over more folders than that
}

TEST_CASE("a config.xml that does not say where downloads are is an error with its path", "[boinc][setup]") {
  const test::NewProject project;
  const auto refused = [&] {
    try {
      static_cast<void>(download_tree(project.path()));
    } catch (const mw::InterfaceError& e) {
      return std::string{e.what()};
    }
    return std::string{};
  };
  for (const char* config :
       {"", "<download_dir>/d</download_dir>", "<uldl_dir_fanout>4</uldl_dir_fanout>",
        "<download_dir></download_dir><uldl_dir_fanout>4</uldl_dir_fanout>", "<download_dir>/d</download_dir><uldl_dir_fanout/>",
        "<download_dir>/d</download_dir><uldl_dir_fanout>0</uldl_dir_fanout>",
        "<download_dir>/d</download_dir><uldl_dir_fanout>-4</uldl_dir_fanout>",
        "<download_dir>/d</download_dir><uldl_dir_fanout>many</uldl_dir_fanout>"}) {
    project.write_config(config);
    CHECK_THAT(refused(), Contains(project.path("config.xml")) && Contains("has no <download_dir> or no <uldl_dir_fanout>"));
  }
  for (const char* text : {"", "eels", "<boinc><config>", "<boinc></config></boinc>"}) {
    project.write("config.xml", text);
    CHECK_THAT(refused(), Contains(project.path("config.xml")));
  }
  fs::remove(project.path("config.xml"));
  CHECK_THAT(refused(), Contains(project.path("config.xml")));
}

TEST_CASE("folders that are not there, or are their owner's alone, are mended", "[boinc][setup]") {
  const Tree made;
  made.open("0");
  made.open("2", 0755);
  TreeFaults faults = faults_of(made.tree);
  CHECK(faults.missing == 2);
  CHECK(faults.closed == std::vector{made.path("2")});
  CHECK(faults.inaccessible.empty());
  std::ofstream{made.path("2/data")} << "data";
  mend(made.tree, faults);
  for (const char* name : {"0", "1", "2", "3"}) CHECK(mode_of(made.path(name)) == open_to_group);
  CHECK_FALSE(fs::exists(made.path("4")));
  CHECK(test::file_text(made.path("2/data")) == "data");
  faults = faults_of(made.tree);
  CHECK(faults.missing == 0);
  CHECK(faults.closed.empty());
}

TEST_CASE("a folder that everybody may write is open to its group, too, and stays as it is", "[boinc][setup]") {
  const Tree made;
  for (const char* name : {"0", "1", "2", "3"}) made.open(name, 0777);
  const TreeFaults faults = faults_of(made.tree);
  CHECK(faults.missing == 0);
  CHECK(faults.closed.empty());
  mend(made.tree, faults);
  CHECK(mode_of(made.path("3")) == 0777);
}

TEST_CASE("a download folder that is not there, or cannot be written, is nothing to mend", "[boinc][setup]") {
  const Tree made;
  const DownloadTree nowhere{made.path("none"), 4};
  CHECK(faults_of(nowhere).inaccessible == std::vector{nowhere.folder});
  CHECK_THROWS_WITH(mend(nowhere, {.missing = 1, .closed = {}, .inaccessible = {}}), Contains("none/0 cannot be made: "));
  CHECK_THROWS_WITH(mend(made.tree, {.missing = 0, .closed = {made.path("gone")}, .inaccessible = {}}),
                    Contains("gone cannot be opened to its group: "));
  made.open("1", 0555);
  // Who is root may write everywhere, and has to belong to the others as well.
  constexpr uid_t nobody = 65'534;
  if (::geteuid() == 0) REQUIRE(::chown(made.path("1").c_str(), nobody, nobody) == 0);
  const TreeFaults faults = faults_of(made.tree);
  CHECK(faults.inaccessible == std::vector{made.path("1")});
  CHECK(faults.closed.empty());
  made.open("1", ::geteuid() == 0 ? 0555 : 0755);
}

TEST_CASE("a staged file is compared with the one that it was made of", "[boinc][setup]") {
  const Tree made;
  const std::string file = made.folder.path("data"), staged = made.tree.path_of("data");
  std::ofstream{file} << "eels";
  CHECK_THAT(staging_fault(made.tree, "data", file), Catch::StartsWith(staged + " is not there: "));
  fs::create_directories(fs::path{staged}.parent_path());
  std::ofstream{staged} << "eel";
  CHECK(staging_fault(made.tree, "data", file) == staged + " has 3 bytes, and " + file + " has another number");
  std::ofstream{staged} << "cods";
  CHECK(staging_fault(made.tree, "data", file) == staged + " has another content than " + file);
  std::ofstream{staged} << "eels";
  CHECK(staging_fault(made.tree, "data", file).empty());
  fs::remove(file);
  CHECK_FALSE(staging_fault(made.tree, "data", file).empty());
}
