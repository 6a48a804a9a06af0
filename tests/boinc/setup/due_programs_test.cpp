// What has to run in a project's folder: the list that is kept there, over the ends of programs and of this one.
#include <catch2/catch.hpp>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <mw/error.hpp>

#include "boinc/setup/due_programs.hpp"
#include "boinc/setup/new_project.hpp"

using namespace mw::boinc;
using Programs = std::vector<std::string>;

namespace {

const std::string list_name = ".mw-boinc-setup";

Programs due_in(const test::NewProject& project) { return DuePrograms{project.path()}.programs(); }

/// Runs what is due, down to a program that fails; what was begun.
Programs run_to(const test::NewProject& project, const std::string& failing = {}) {
  Programs begun;
  DuePrograms due{project.path()};
  try {
    due.run([&](const std::string& program) {
      begun.push_back(program);
      if (program == failing) throw std::runtime_error{"it failed"};
    });
  } catch (const std::runtime_error&) {
    CHECK(begun.back() == failing);
  }
  return begun;
}

}  // namespace

TEST_CASE("programs are due in the order in which they have to run, each once, until they have run", "[boinc][setup]") {
  const test::NewProject project;
  CHECK(due_in(project).empty());
  DuePrograms due{project.path()};
  due.add({});
  CHECK_FALSE(project.has(list_name));
  due.add({"bin/stop", "bin/start"});
  due.add({"bin/update_versions"});
  due.add({"bin/xadd", "bin/stop", "bin/update_versions"});
  const Programs all{"bin/xadd", "bin/update_versions", "bin/stop", "bin/start"};
  CHECK(due.programs() == all);
  CHECK(due_in(project) == all);  // as another program finds it
  CHECK(run_to(project) == all);
  CHECK(due_in(project).empty());
  CHECK_FALSE(project.has(list_name));
}

TEST_CASE("a program that fails stays due, with those behind it", "[boinc][setup]") {
  const test::NewProject project;
  DuePrograms{project.path()}.add({"bin/xadd", "bin/update_versions", "bin/stop", "bin/start"});
  CHECK(run_to(project, "bin/update_versions") == Programs{"bin/xadd", "bin/update_versions"});
  CHECK(due_in(project) == Programs{"bin/update_versions", "bin/stop", "bin/start"});
  // However bin/stop ends, something may have been stopped: what remains to be done is to start it.
  CHECK(run_to(project, "bin/stop") == Programs{"bin/update_versions", "bin/stop"});
  CHECK(due_in(project) == Programs{"bin/start"});
  CHECK(run_to(project) == Programs{"bin/start"});
  CHECK_FALSE(project.has(list_name));
}

TEST_CASE("a program that fails is due in the list in memory as in the file", "[boinc][setup]") {
  const test::NewProject project;
  DuePrograms due{project.path()};
  due.add({"bin/xadd", "bin/update_versions"});
  CHECK_THROWS_WITH(due.run([](const std::string& program) {
    if (program == "bin/update_versions") throw std::runtime_error{"no key"};
  }),
                    "no key");
  CHECK(due.programs() == Programs{"bin/update_versions"});
  CHECK(due_in(project) == due.programs());
}

TEST_CASE("a project that its owner has stopped is not started, and one that was stopped here is", "[boinc][setup]") {
  const test::NewProject project;
  DuePrograms{project.path()}.add({"bin/xadd", "bin/stop", "bin/start"});
  project.write("run_state_host.xml", "<boinc><enabled>0</enabled></boinc>");
  Programs begun;
  CHECK(DuePrograms{project.path()}.run([&](const std::string& program) { begun.push_back(program); }));
  CHECK(begun == Programs{"bin/xadd"});
  CHECK_FALSE(project.has(list_name));
  DuePrograms{project.path()}.add({"bin/start"});  // as it is after bin/stop has run
  CHECK(run_to(project) == Programs{"bin/start"});
}

TEST_CASE("in a stopped project, too, a program that fails stays due", "[boinc][setup]") {
  const test::NewProject project;
  DuePrograms{project.path()}.add({"bin/xadd", "bin/stop", "bin/start"});
  project.write("run_state_host.xml", "<boinc><enabled>0</enabled></boinc>");
  CHECK(run_to(project, "bin/xadd") == Programs{"bin/xadd"});
  CHECK(due_in(project) == Programs{"bin/xadd", "bin/stop", "bin/start"});
}

TEST_CASE("of a list that somebody has written, only what may be due is run", "[boinc][setup]") {
  const test::NewProject project;
  project.write(list_name, "bin/start\nrm -rf /\n\n../bin/xadd\nbin/xadd --all\nbin/update_versions\nbin/start\n\xff\nbin/xadd");
  CHECK(run_to(project) == Programs{"bin/xadd", "bin/update_versions", "bin/start"});
  project.write(list_name, "eels\n");
  CHECK(run_to(project).empty());
  CHECK_FALSE(project.has(list_name));
}

TEST_CASE("the list is its owner's alone, and an error where it cannot be kept", "[boinc][setup]") {
  const test::NewProject project;
  DuePrograms{project.path()}.add({"bin/xadd"});
  CHECK(std::filesystem::status(project.path(list_name)).permissions() == std::filesystem::perms{0600});
  CHECK_THROWS_AS(DuePrograms{project.path("nowhere")}.add({"bin/xadd"}), mw::InterfaceError);
}

TEST_CASE("a project is stopped when a run_state file of it says so", "[boinc][setup]") {
  const test::NewProject project;
  CHECK_FALSE(is_stopped(project.path()));
  CHECK_FALSE(is_stopped(project.path("nowhere")));
  const auto says = [&](const std::string& text) {
    project.write("run_state_host.xml", text);
    return is_stopped(project.path());
  };
  CHECK(says("<boinc><enabled>0</enabled></boinc>"));
  CHECK(says("<?xml version=\"1.0\"?>\n<boinc>\n  <enabled> 0 </enabled>\n</boinc>\n"));
  for (const char* running : {"<boinc><enabled>1</enabled></boinc>", "<boinc><enabled/></boinc>", "<boinc></boinc>", "", "eels",
                              "<boinc><enabled>0</enabled>", "<boinc><tasks><enabled>0</enabled></tasks></boinc>"})
    CHECK_FALSE(says(running));
  project.write("run_state_other.xml", "<boinc><enabled>0</enabled></boinc>");
  CHECK(is_stopped(project.path()));
  std::filesystem::rename(project.path("run_state_other.xml"), project.path("run_state_other.xml.old"));
  CHECK_FALSE(is_stopped(project.path()));
}
