// A project's own programs, and the last of what they say.
#include <catch2/catch.hpp>

#include <string>

#include "boinc/setup/new_project.hpp"
#include "boinc/setup/project_tool.hpp"

using namespace mw::boinc;

namespace {

struct Tool : test::NewProject {
  explicit Tool(const std::string& script) {
    write("bin/tool", "#!/bin/sh\n" + script);
    std::filesystem::permissions(path("bin/tool"), std::filesystem::perms{0755});
  }
};

}  // namespace

TEST_CASE("a tool runs in the project's folder, and the group may write what it makes", "[boinc][setup]") {
  const Tool project{"pwd; umask; cat; echo woe >&2; exit 3\n"};
  const auto run = run_project_tool(project.path(), "bin/tool", {}, "some input");
  CHECK(run.out == project.path() + "\n0002\nsome input");
  CHECK(run.err == "woe\n");
  CHECK_FALSE(run.death.signaled);
  CHECK(run.death.exit_status == 3);
}

TEST_CASE("a tool's arguments reach it as they are, whatever a shell would make of them", "[boinc][setup]") {
  const Tool project{"for one; do printf '[%s]' \"$one\"; done\n"};
  const std::string bad = "$(touch touched); `touch touched` > touched\n'\"\\ * é";
  CHECK(run_project_tool(project.path(), "bin/tool", {bad, "", "-c", "two words"}).out == "[" + bad + "][][-c][two words]");
  CHECK_FALSE(project.has("touched"));
}

TEST_CASE("a tool that is not there, or may not be run, ends with the shell's status for that", "[boinc][setup]") {
  const Tool project{"exit 0\n"};
  CHECK(run_project_tool(project.path(), "bin/tool", {}).death.exit_status == 0);
  constexpr int not_executable = 126, not_found = 127;
  CHECK(run_project_tool(project.path(), "bin/none", {}).death.exit_status == not_found);
  std::filesystem::permissions(project.path("bin/tool"), std::filesystem::perms{0644});
  const auto run = run_project_tool(project.path(), "bin/tool", {});
  CHECK(run.death.exit_status == not_executable);
  CHECK(run.err.find(project.path("bin/tool")) != std::string::npos);
}

TEST_CASE("the last words of a tool are one line, of a length that fits into an error", "[boinc][setup]") {
  CHECK(last_words("") == "it said nothing");
  CHECK(last_words(" \n\t\r\n") == "it said nothing");
  CHECK(last_words("one\ntwo\r\n\n") == "one two");
  CHECK(last_words("a\x1b[31mb\tc") == "a [31mb c");
  CHECK(last_words("über Aale") == "über Aale");
  CHECK(last_words(std::string(500, 'x')) == std::string(500, 'x'));
  CHECK(last_words("y" + std::string(500, 'x') + "\n") == "… " + std::string(500, 'x'));
}
