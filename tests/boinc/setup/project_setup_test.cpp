// An existing project made ready: what is written into its folder, and what stays as it is.
#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "boinc/protocol/xml.hpp"
#include "boinc/setup/due_programs.hpp"
#include "boinc/setup/new_project.hpp"
#include "boinc/setup/project_setup.hpp"
#include "boinc/setup/templates.hpp"

using namespace mw::boinc;
using Catch::Contains;
using test::said_of;
namespace fs = std::filesystem;

namespace {

const std::string platform = "x86_64-pc-linux-gnu";

unsigned permissions_of(const std::string& path) { return static_cast<unsigned>(fs::status(path).permissions()); }

/// What a second call says of each part; all of it is there.
bool is_complete(const test::NewProject& project, const SetupOptions& options) {
  const auto before = project.everything();
  const auto items = set_up_project(options);
  INFO(said_of(items, SetupState::written) << said_of(items, SetupState::missing) << said_of(items, SetupState::wrong));
  CHECK(std::all_of(items.begin(), items.end(), [](const SetupItem& item) { return item.state == SetupState::there; }));
  return project.everything() == before;
}

/// The commands of the daemons, a line each.
std::string daemons_of(const test::NewProject& project) {
  const Document document = parse_document(project.text("config.xml"), "boinc");
  std::string commands;
  for (const pugi::xml_node& daemon : document.root.child("daemons").children("daemon")) commands += text_in(daemon, "cmd") + "\n";
  return commands;
}

}  // namespace

TEST_CASE("a project gets all that it lacks, and a second call finds nothing to do", "[boinc][setup]") {
  const test::NewProject project;
  const auto items = set_up_project(project.options());
  for (const SetupItem& item : items) CHECK(item.state == SetupState::written);
  CHECK(items.size() == 17);  // the application, 10 + 1 templates, a version, a flag, two daemons, the download folder
  CHECK(DuePrograms{project.path()}.programs() ==
        std::vector<std::string>{"bin/xadd", "bin/update_versions", "bin/stop", "bin/start"});
  CHECK(is_complete(project, project.options()));

  const Document xml = parse_document(project.text("project.xml"), "boinc");
  CHECK(text_in(xml.root.child("app"), "name") == "pi");
  CHECK(text_in(xml.root.child("app"), "user_friendly_name") == "pi");
  CHECK(project.text("templates/pi_in") == input_template(0, std::nullopt));
  CHECK(project.text("templates/pi_in_9") == input_template(9, std::nullopt));
  CHECK(project.text("templates/pi_out") == output_template(project.options().max_output, false));
  CHECK(daemons_of(project) ==
        "sample_bitwise_validator -d 2 --app pi --sleep_interval 1\n"
        "sample_assimilator -d 2 --app pi --sleep_interval 1\n");
  CHECK_THAT(project.text("config.xml"), Contains("<one_result_per_host_per_wu>1</one_result_per_host_per_wu>"));
  for (const char* folder : {"0", "1", "2", "3"}) CHECK(permissions_of(project.path(std::string{"download/"} + folder)) == 02775);
}

TEST_CASE("a worker build becomes a version: its file under a name of its own, and what it is", "[boinc][setup]") {
  const test::NewProject project;
  project.write_build("arm", test::elf_of(test::aarch64, "for Arm"));
  project.write_build("none", "no executable at all, whatever its folder says");
  set_up_project(project.options());
  const std::string version = "apps/pi/1.0/" + platform, name = "pi_1.0_" + platform;
  CHECK(project.text(version + "/" + name) == test::elf_of(test::x86_64, "first"));
  CHECK(permissions_of(project.path(version + "/" + name)) == 0755);
  const Document document = parse_document(project.text(version + "/version.xml"), "version");
  CHECK(text_in(document.root.child("file"), "physical_name") == name);
  CHECK(flag_in(document.root.child("file"), "main_program"));
  CHECK_FALSE(text_in(document.root, "api_version").empty());
  CHECK(project.has("apps/pi/1.0/aarch64-unknown-linux-gnu/pi_1.0_aarch64-unknown-linux-gnu"));
  CHECK(std::distance(fs::directory_iterator{project.path("apps/pi/1.0")}, {}) == 2);
}

TEST_CASE("a build that has changed is a new version, and one that any version has already is none", "[boinc][setup]") {
  const test::NewProject project;
  const auto [last, next] = GENERATE(table<std::string, std::string>(
      {{"1.0", "1.1"}, {"1.9", "1.10"}, {"1.99", "2.0"}, {"7.3", "7.4"}, {"0.5", "1.0"}, {"eels", "1.0"}, {"3", "3.1"}}));
  project.write("apps/pi/" + last + "/" + platform + "/some_name", test::elf_of(test::x86_64, "first"));
  project.write("apps/pi/notes.txt", "");
  const auto version = [&] {
    const auto items = set_up_project(project.options());
    const auto item = std::find_if(items.begin(), items.end(), [](const SetupItem& one) { return one.what.starts_with("apps/"); });
    return item == items.end() ? "" : fmt::format("{} {}", item->what, to_string(item->state));
  };
  CHECK(version() == "apps/pi/" + last + "/" + platform + " there");
  project.write_build("x86_64", test::elf_of(test::x86_64, "other"));  // of the same size
  CHECK(version() == "apps/pi/" + next + "/" + platform + " written");
  CHECK(version() == "apps/pi/" + next + "/" + platform + " there");
  project.write_build("x86_64", test::elf_of(test::x86_64, "first"));
  CHECK(version() == "apps/pi/" + last + "/" + platform + " there");
}

TEST_CASE("a build may have another name than the application", "[boinc][setup]") {
  const test::NewProject project;
  SetupOptions options = project.options();
  options.title = "monte_pi";
  CHECK_THAT(said_of(set_up_project(options), SetupState::wrong),
             Catch::StartsWith("worker builds: there is none of monte_pi in " + project.workers()));
  project.write_build("x86_64", test::elf_of(test::x86_64, "monte"), "monte_pi");
  CHECK(said_of(set_up_project(options), SetupState::wrong).empty());
  CHECK(project.text("apps/pi/1.0/" + platform + "/pi_1.0_" + platform) == test::elf_of(test::x86_64, "monte"));
}

TEST_CASE("without worker builds, all else is made ready, and what is missing is said", "[boinc][setup]") {
  const test::NewProject project;
  fs::remove_all(project.workers());
  const auto items = set_up_project(project.options());
  CHECK_THAT(said_of(items, SetupState::wrong), Catch::StartsWith("worker builds: there is none of pi in " + project.workers()));
  CHECK(items.size() == 17);
  CHECK(project.has("templates/pi_in"));
  CHECK(DuePrograms{project.path()}.programs() == std::vector<std::string>{"bin/xadd", "bin/stop", "bin/start"});
}

TEST_CASE("a project that is only looked at says the same, and nothing is written", "[boinc][setup]") {
  const test::NewProject project;
  SetupOptions options = project.options();
  options.only_check = true;
  const auto before = project.everything();
  const auto items = set_up_project(options);
  CHECK(items.size() == 17);
  for (const SetupItem& item : items) CHECK(item.state == SetupState::missing);
  CHECK(project.everything() == before);
  set_up_project(project.options());
  CHECK(is_complete(project, options));
}

TEST_CASE("what else stands in a project's files stays, and so do their modes", "[boinc][setup]") {
  const test::NewProject project;
  const std::string mine = "<!-- mine & yours --><db_passwd>p&amp;w</db_passwd>",
                    more = "<tasks><task><cmd>a &lt; b</cmd></task></tasks>";
  project.write_config(
      mine + "<download_dir>" + project.path("download") + "</download_dir><uldl_dir_fanout>4</uldl_dir_fanout><empty></empty>",
      "<daemons><daemon><cmd>feeder -d 3</cmd></daemon></daemons>" + more);
  project.write("project.xml", "<?xml version=\"1.0\"?>\n<boinc>\n<!-- ours -->\n<app><name>eels</name></app></boinc>");
  fs::permissions(project.path("config.xml"), fs::perms{0640});
  set_up_project(project.options());
  const std::string config = project.text("config.xml"), xml = project.text("project.xml");
  for (const char* part : {"<!-- mine & yours -->", "<db_passwd>p&amp;w</db_passwd>", "<cmd>a &lt; b</cmd>", "<empty></empty>"})
    CHECK_THAT(config, Contains(part));
  CHECK_THAT(daemons_of(project), Catch::StartsWith("feeder -d 3\nsample_bitwise_validator "));
  CHECK_THAT(xml, Catch::StartsWith("<?xml version=\"1.0\"?>") && Contains("<!-- ours -->") && Contains("<name>eels</name>"));
  CHECK(permissions_of(project.path("config.xml")) == 0640);
  CHECK(is_complete(project, project.options()));
}

TEST_CASE("a project over the network keeps outputs until they are fetched, and says its copies itself", "[boinc][setup]") {
  const test::NewProject project;
  SetupOptions options = project.options();
  options.is_remote = true;
  options.max_output = 1000;
  set_up_project(options);
  CHECK(project.text("templates/pi_in_2") == input_template(2, completed({})));
  CHECK(project.text("templates/pi_out") == output_template(1000, true));
  CHECK_THAT(daemons_of(project), Contains("sample_dummy_assimilator -d 2 --app pi ") && !Contains("sample_assimilator"));
  CHECK(is_complete(project, options));
}

TEST_CASE("copies that are asked for go into the templates", "[boinc][setup]") {
  const test::NewProject project;
  SetupOptions options = project.options();
  options.copies.quorum = 2;
  const auto items = set_up_project(options);
  const Copies copies = read_input_template(project.text("templates/pi_in")).copies;
  CHECK(copies == completed({.quorum = 2}));
  CHECK_THAT(said_of(items, SetupState::written), Contains("templates/pi_in: " + to_string(copies)));
}

TEST_CASE("two applications of a project do not take each other's daemons for their own", "[boinc][setup]") {
  const test::NewProject project;
  project.write_build("x86_64", test::elf_of(test::x86_64, "second"), "pi2");
  SetupOptions second = project.options();
  second.app = "pi2";
  set_up_project(second);
  set_up_project(project.options());
  CHECK_THAT(project.text("project.xml"), Contains("<name>pi2</name>") && Contains("<name>pi</name>"));
  CHECK(daemons_of(project) ==
        "sample_bitwise_validator -d 2 --app pi2 --sleep_interval 1\n"
        "sample_assimilator -d 2 --app pi2 --sleep_interval 1\n"
        "sample_bitwise_validator -d 2 --app pi --sleep_interval 1\n"
        "sample_assimilator -d 2 --app pi --sleep_interval 1\n");
  CHECK(is_complete(project, second));
  CHECK(is_complete(project, project.options()));
}
