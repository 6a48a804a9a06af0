// Programs in other languages: which are some, how they are started, and the one file of them for other machines.
#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include <mw/error.hpp>

#include "scripts/scripts.hpp"
#include "support/temporary.hpp"

using Catch::Contains;
using namespace mw;

namespace {

std::string write_program(const test::TemporaryFolder& folder, const std::string& name, const std::string& text, mode_t mode) {
  const std::string path = folder.path(name);
  std::ofstream{path, std::ios::binary} << text;
  ::chmod(path.c_str(), mode);
  return path;
}

}  // namespace

TEST_CASE("a program is a Python file, or one that can be executed", "[scripts]") {
  const test::TemporaryFolder folder;
  CHECK_NOTHROW(scripts::check(write_program(folder, "a.py", "", 0600)));
  CHECK_NOTHROW(scripts::check(write_program(folder, "a.pyz", "", 0600)));
  CHECK_NOTHROW(scripts::check(write_program(folder, "a", "#!/bin/sh\n", 0700)));
  CHECK_THROWS_WITH(scripts::check(write_program(folder, "b", "", 0600)), Contains("neither a Python file"));
  CHECK_THROWS_AS(scripts::check(folder.path("none.py")), UsageError);
  CHECK_THROWS_AS(scripts::check(folder.path("")), UsageError);

  const auto start = scripts::start_of(folder.path("a.py"));
  CHECK(start.path == "python3");
  REQUIRE(start.arguments.size() == 2);
  CHECK_THAT(start.arguments[0], Catch::EndsWith("/cppmw_worker.py"));
  CHECK(start.arguments[1] == folder.path("a.py"));
  CHECK(scripts::start_of(folder.path("a.pyz")).arguments.size() == 1);
  CHECK(scripts::start_of(folder.path("a")).path == folder.path("a"));
  CHECK(scripts::is_for_every_platform(folder.path("a")));
  CHECK(scripts::is_for_every_platform(folder.path("a.py")));
  CHECK_FALSE(scripts::is_for_every_platform("/proc/self/exe"));
}

TEST_CASE("the file for other machines has every byte of the Python file in it", "[scripts]") {
  const test::TemporaryFolder folder;
  std::string text = "# -*- coding: latin-1 -*-\nname = '";
  for (int c = 1; c < 256; ++c)
    if (c != '\n' && c != '\r' && c != '\'' && c != '\\' && c != '\f') text += static_cast<char>(c);
  text += "'\r\n\"\"\"\t\\\\ \"\"\"\ndef eels(): pass\n";
  const std::string path = write_program(folder, "o\"dd\xc3\xa4.py", text, 0600);
  const std::string file = write_program(folder, "packed", scripts::file_of(path), 0700);
  CHECK(file == folder.path("packed"));
  // By hand, it says what it finds in it, and what the file is called.
  const std::string command = "python3 " + file + " 2>" + folder.path("said");
  CHECK(WEXITSTATUS(std::system(command.c_str())) == 2);
  std::ifstream said{folder.path("said")};
  const std::string words{std::istreambuf_iterator<char>{said}, {}};
  CHECK_THAT(words, Contains("o\"dd\xc3\xa4.py has these functions") && Contains("eels()"));
  CHECK(scripts::file_of(file) == scripts::file_of(path));
}
