// What a BOINC server has no room for, by its files and, where mysql answers, by its database.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "boinc/setup/new_project.hpp"
#include "boinc/setup/project_limits.hpp"

using namespace mw::boinc;
using Catch::Contains;

namespace {

struct Limited : test::NewProject {
  Limited() { write_apps({}); }
  void write_apps(const std::vector<std::string>& names) const {
    std::string apps;
    for (const std::string& name : names) apps += "<app><name>" + name + "</name></app>";
    write("project.xml", "<boinc>" + apps + "</boinc>");
  }
  /// Why there is no room; empty if there is.
  std::string full(const std::string& app, std::size_t new_versions = 0, const FeederLimits& limits = {3, 3}) const {
    try {
      refuse_if_full(path(), app, new_versions, limits);
    } catch (const mw::InterfaceError& e) {
      return e.what();
    }
    return {};
  }
};

/// `mysql` is this script, for as long as it lives.
class FakeMysql {
 public:
  explicit FakeMysql(const test::NewProject& project, const std::string& script) {
    project.write("path/mysql", "#!/bin/sh\n" + script);
    std::filesystem::permissions(project.path("path/mysql"), std::filesystem::perms{0755});
    ::setenv("PATH", (project.path("path") + ":" + before_).c_str(), 1);
  }
  ~FakeMysql() { ::setenv("PATH", before_.c_str(), 1); }
  FakeMysql(const FakeMysql&) = delete;
  FakeMysql& operator=(const FakeMysql&) = delete;

 private:
  const std::string before_ = std::getenv("PATH");
};

}  // namespace

TEST_CASE("an application that the feeder has no room for is refused, with those that there are", "[boinc][setup]") {
  const Limited project;
  project.write_apps({"eels", "cods"});
  CHECK(project.full("pi").empty());
  project.write_apps({"eels", "cods", "eels", "hakes"});
  const std::string why = project.full("pi");
  CHECK_THAT(why, Catch::StartsWith(project.path() + " has 3 applications (cods, eels, hakes), and") &&
                      Contains("more than 3 (MAX_APPS") && Contains("Nothing was changed"));
  CHECK(project.full("eels").empty());  // it has its room already
  project.write_apps({"eels", "cods", "hakes", "rays"});
  CHECK(project.full("eels").empty());  // as it was compiled with more room, or does not run
}

TEST_CASE("versions count once for each application and platform, and only if there will be more of them", "[boinc][setup]") {
  const Limited project;
  for (const char* version : {"eels/1.0/x86_64", "eels/1.1/x86_64", "eels/1.1/aarch64", "cods/1.0/x86_64"})
    project.write(fmt::format("apps/{}/version.xml", version), "");
  CHECK(project.full("pi", 0).empty());
  CHECK(project.full("pi", 0, {3, 1}).empty());
  CHECK(project.full("pi", 1, {3, 4}).empty());
  CHECK_THAT(project.full("pi", 1), Catch::StartsWith(project.path() + " would have 4 versions of applications, and") &&
                                        Contains("more than 3 (MAX_APP_VERSIONS") && Contains("Nothing was changed"));
  std::filesystem::remove_all(project.path("apps"));
  CHECK(project.full("pi", 3).empty());
}

TEST_CASE("a project whose files make no sense is an error that names the file", "[boinc][setup]") {
  const Limited project;
  for (const char* file : {"project.xml", "config.xml"}) {
    const std::string before = project.text(file);
    for (const char* text : {"", "eels", "<boinc>", "<boinc><app></boinc>"}) {
      project.write(file, text);
      CHECK_THAT(project.full("pi"), Contains(project.path(file)));
    }
    project.write(file, before);
  }
  CHECK(project.full("pi").empty());
}

TEST_CASE("where the database can be asked, it says which applications are in use", "[boinc][setup]") {
  const Limited project;
  project.write_config("<db_name>pi_db</db_name>");
  project.write_apps({"eels", "cods", "hakes"});
  {
    const FakeMysql mysql{project, "printf 'eels\\t0\\ncods\\t1\\nhakes\\t0\\n'\n"};
    CHECK(project.full("pi").empty());  // cods are not
  }
  {
    const FakeMysql mysql{project, "printf 'eels\\t0\\ncods\\t1\\nrays\\t0\\n'\n"};
    CHECK_THAT(project.full("pi"), Contains("has 3 applications (eels, hakes, rays)"));  // hakes are not there yet
  }
  for (const char* script : {"printf 'cods\\t1\\n'; exit 1\n", "printf 'cods\\t1\\n'; kill -9 $$\n", "echo ERROR\n", ""}) {
    const FakeMysql mysql{project, script};
    CHECK_THAT(project.full("pi"), Contains("has 3 applications (cods, eels, hakes)"));
  }
}

TEST_CASE("the database is asked as config.xml says, and its password stands on no command line", "[boinc][setup]") {
  const Limited project;
  const std::string password = "p w'$(touch touched)\\\"";
  project.write_config("<db_name>pi_db</db_name><db_user>boincadm</db_user><db_host>db.example</db_host><db_passwd>" + password +
                       "</db_passwd>");
  const FakeMysql mysql{
      project, fmt::format("printf '[%s]' \"$@\" > {0}/asked; printf '%s' \"$MYSQL_PWD\" > {0}/password\n", project.path())};
  CHECK(project.full("pi").empty());
  CHECK(project.text("asked") == "[-N][-B][-u][boincadm][-h][db.example][-e][SELECT name, deprecated FROM app][pi_db]");
  CHECK(project.text("password") == password);
  CHECK_FALSE(std::filesystem::exists("touched"));
  project.write_config("<db_user>boincadm</db_user>");
  std::filesystem::remove(project.path("asked"));
  CHECK(project.full("pi").empty());
  CHECK_FALSE(project.has("asked"));
}
