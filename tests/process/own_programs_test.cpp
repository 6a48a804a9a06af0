// Where CppMW's own programs are looked for.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "process/own_programs.hpp"
#include "support/temporary.hpp"

using namespace mw::process;
namespace fs = std::filesystem;

namespace {

void make_program(const fs::path& path) {
  fs::create_directories(path.parent_path());
  std::ofstream{path} << "#!/bin/sh\n";
  fs::permissions(path, fs::perms::owner_all);
}

/// PATH is this, until the end.
struct Path {
  explicit Path(const std::string& value) { ::setenv("PATH", value.c_str(), 1); }
  ~Path() { ::setenv("PATH", before.c_str(), 1); }
  const std::string before = ::getenv("PATH");
};

}  // namespace

TEST_CASE("a program of ours is found where it was built, or beside the mw in PATH, and nowhere else", "[process]") {
  const test::TemporaryFolder folder;
  const std::string name = "mw_of_no_build";
  const std::string built = folder.path("build/bin/" + name);
  const Path path{folder.path("prefix/bin")};
  CHECK(find_own_program(name, "").empty());
  CHECK(find_own_program(name, built).empty());
  fs::create_directories(built);  // a folder is no program
  CHECK(find_own_program(name, built).empty());

  make_program(folder.path("prefix/bin/mw"));
  make_program(folder.path("prefix/libexec/cppmw/" + name));
  CHECK(find_own_program(name, built) == folder.path("prefix/libexec/cppmw/" + name));
  fs::remove(built);
  make_program(built);
  CHECK(find_own_program(name, built) == built);
  const auto places = places_of_own_program(name, built);
  CHECK(places.front() == (fs::read_symlink("/proc/self/exe").parent_path() / name).string());
  CHECK(std::count(places.begin(), places.end(), built) == 1);
}
