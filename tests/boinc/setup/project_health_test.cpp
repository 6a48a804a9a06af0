// Whether a project computes, by what its folder says.
#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include <fmt/format.h>

#include "boinc/setup/new_project.hpp"
#include "boinc/setup/project_health.hpp"

using namespace mw::boinc;
using Catch::Contains;

namespace {

/// A daemon's entry in config.xml.
std::string daemon(const std::string& command, const std::string& more = {}) {
  return fmt::format("<daemon><cmd>{}</cmd>{}</daemon>", command, more);
}

struct Daemons : test::NewProject {
  explicit Daemons(const std::string& daemons) { add_to_config("<daemons>" + daemons + "</daemons>"); }
  void note_pid(const std::string& file, const std::string& text) const { write("pid_host/" + file, text); }
  std::string still(const std::string& app = "pi") const { return what_stands_still(path(), app); }
};

/// The number of a process that has ended.
std::string dead_pid() {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  ::waitpid(pid, nullptr, 0);
  return std::to_string(pid);
}

}  // namespace

TEST_CASE("a project that was stopped says how it is started", "[boinc][setup]") {
  const Daemons project{""};
  CHECK(project.still().empty());
  const char* const trigger = GENERATE("stop_daemons", "stop_sched");
  project.write(trigger, "");
  CHECK(project.still() == fmt::format("the project is stopped ({} is there): bin/start in {} starts it", trigger, project.path()));
}

TEST_CASE("a daemon whose process is gone is named, and one that lives or never ran here is not", "[boinc][setup]") {
  const Daemons project{daemon("feeder -d 3") + daemon("../bin/transitioner -d 3") + daemon("cmd_that_never_ran")};
  project.note_pid("feeder.pid", std::to_string(::getpid()) + "\n");
  CHECK(project.still().empty());
  project.note_pid("transitioner.pid", dead_pid());
  CHECK_THAT(project.still(), Contains("daemons of the project do not run: transitioner; bin/start in " + project.path()));
  project.note_pid("feeder.pid", dead_pid());
  CHECK_THAT(project.still(), Contains("do not run: feeder, transitioner;"));
}

TEST_CASE("a pid file that names no process is that of a dead daemon", "[boinc][setup]") {
  const Daemons project{daemon("feeder -d 3", "<pid_file>food.pid</pid_file>")};
  project.note_pid("feeder.pid", "0");  // not the one that config.xml names
  CHECK(project.still().empty());
  // 0 and -1 would be groups of processes, of which there always is one.
  for (const char* text : {"", "0", "-1", "eels", "99999999999999999999", "\xff\xff"}) {
    project.note_pid("food.pid", text);
    CHECK_THAT(project.still(), Contains("do not run: feeder;"));
  }
}

TEST_CASE("a daemon of another application, one that only cleans up, or one that is disabled is not waited for", "[boinc][setup]") {
  const Daemons project{daemon("sample_bitwise_validator -d 2 --app pi2 --sleep_interval 1") + daemon("sample_assimilator -app e") +
                        daemon("file_deleter -d 2") + daemon("db_purge") + daemon("feeder", "<disabled>1</disabled>")};
  for (const char* program : {"sample_bitwise_validator", "sample_assimilator", "file_deleter", "db_purge", "feeder"})
    project.note_pid(std::string{program} + ".pid", "0");
  CHECK(project.still().empty());
  CHECK_THAT(project.still("pi2"), Contains("do not run: sample_bitwise_validator;"));
  CHECK_THAT(project.still("e"), Contains("do not run: sample_assimilator;"));
}

TEST_CASE("a project that cannot be read says nothing", "[boinc][setup]") {
  const Daemons project{daemon("feeder")};
  project.note_pid("feeder.pid", "0");
  CHECK(what_stands_still(project.path("nowhere"), "pi").empty());
  for (const char* text : {"", "eels", "<boinc><daemons>", "<boinc></boinc>"}) {
    project.write("config.xml", text);
    CHECK(project.still().empty());
  }
  std::filesystem::remove(project.path("config.xml"));
  CHECK(project.still().empty());
}
