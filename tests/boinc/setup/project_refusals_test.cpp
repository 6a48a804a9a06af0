// What makes a project ready refuses, and what it finds wrong and leaves.
#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "boinc/setup/due_programs.hpp"
#include "boinc/setup/new_project.hpp"
#include "boinc/setup/project_setup.hpp"
#include "boinc/setup/templates.hpp"
#include "support/errors.hpp"

using namespace mw::boinc;
using Catch::Contains;
using test::said_of;
using test::usage_error;
namespace fs = std::filesystem;

namespace {

std::string wrong_in(const SetupOptions& options) { return said_of(set_up_project(options), SetupState::wrong); }
std::string wrong_in(const test::NewProject& project) { return wrong_in(project.options()); }

std::string interface_error(const SetupOptions& options) {
  try {
    set_up_project(options);
  } catch (const mw::InterfaceError& e) {
    return e.what();
  }
  return {};
}

}  // namespace

TEST_CASE("what is no name of an application is refused, and nothing is written", "[boinc][setup]") {
  const test::NewProject project;
  const auto before = project.everything();
  for (const std::string& name : {std::string{}, std::string{"."}, std::string{".."}, std::string{".pi"}, std::string{"../pi"},
                                  std::string{"p/i"}, std::string{"p i"}, std::string{"pi\n"}, std::string{"<pi>"},
                                  std::string{"pi;reboot"}, std::string{"p\0i", 3}, std::string(201, 'p')}) {
    SetupOptions options = project.options();
    options.app = name;
    CHECK_THAT(usage_error([&] { set_up_project(options); }), Contains("is no application's name"));
  }
  CHECK(project.everything() == before);
}

TEST_CASE("a folder that is no project's is refused, with what it lacks", "[boinc][setup]") {
  const char* const part = GENERATE("config.xml", "project.xml", "bin/create_work", "templates", "apps");
  const test::NewProject project;
  fs::remove_all(project.path(part));
  const auto before = project.everything();
  CHECK(usage_error([&] { set_up_project(project.options()); }) ==
        fmt::format("{} is no BOINC project's folder: it has no {}", project.path(), part));
  CHECK(project.everything() == before);
}

TEST_CASE("another user's project may be looked at, and is not written", "[boinc][setup]") {
  if (::geteuid() != 0) return;  // who is not root has no folder of another user's
  const test::NewProject project;
  constexpr uid_t nobody = 65'534;
  REQUIRE(::chown(project.path().c_str(), nobody, nobody) == 0);
  const auto before = project.everything();
  CHECK_THAT(usage_error([&] { set_up_project(project.options()); }), Contains("belongs to another user (number 65534)"));
  CHECK(project.everything() == before);
  SetupOptions options = project.options();
  options.only_check = true;
  CHECK_NOTHROW(set_up_project(options));
}

TEST_CASE("files of a project that make no sense are an error that names them, before anything is written", "[boinc][setup]") {
  const char* const file = GENERATE("config.xml", "project.xml");
  const char* const text = GENERATE("", "eels", "<boinc>", "<boinc></project>", "<project></project>", "\xff\xfe\xff");
  const test::NewProject project;
  project.write(file, text);
  const auto before = project.everything();
  CHECK_THAT(interface_error(project.options()), Contains(project.path(file)));
  CHECK(project.everything() == before);
}

TEST_CASE("a project that has no room for the application, or its versions, is left as it is", "[boinc][setup]") {
  const test::NewProject project;
  project.write("project.xml", "<boinc><app><name>eels</name></app><app><name>cods</name></app></boinc>");
  project.write("apps/eels/1.0/x86_64-pc-linux-gnu/version.xml", "");
  const auto before = project.everything();
  SetupOptions options = project.options();
  options.limits = {2, 99};
  CHECK_THAT(interface_error(options), Contains("has 2 applications (cods, eels)"));
  options.limits = {3, 1};
  CHECK_THAT(interface_error(options), Contains("would have 2 versions of applications"));
  CHECK(project.everything() == before);
  options.limits = {3, 2};
  CHECK(wrong_in(options).empty());
  // Its next version takes the place of the last one.
  project.write_build("x86_64", test::elf_of(test::x86_64, "other"));
  CHECK(said_of(set_up_project(options), SetupState::written) == "apps/pi/1.1/x86_64-pc-linux-gnu\n");
}

TEST_CASE("a template that says something else is named and kept, or written anew if that is asked for", "[boinc][setup]") {
  const std::string other = "<input_template><file_info></file_info><file_info></file_info><workunit></workunit></input_template>";
  const test::NewProject project;
  set_up_project(project.options());
  project.write("templates/pi_in", other);
  project.write("templates/pi_in_1", "<input_template><file_info><gzip></gzip></file_info><file_info/></input_template>");
  project.write("templates/pi_in_2", "eels");
  project.write("templates/pi_out", "<output_template></output_template>");
  const std::string wrong = wrong_in(project);
  for (const char* line : {"templates/pi_in: it is for 2 input files, not 1; --replace writes it anew\n",
                           "templates/pi_in_1: BOINC's client takes no <no_delete></no_delete>",
                           "templates/pi_in_2: there is no <input_template> in it; --replace writes it anew\n",
                           "templates/pi_out: it has no output called \"out\"; --replace writes it anew\n"})
    CHECK_THAT(wrong, Contains(line));
  CHECK(std::count(wrong.begin(), wrong.end(), '\n') == 4);
  CHECK(project.text("templates/pi_in") == other);
  SetupOptions options = project.options();
  options.replace = true;
  const std::string written = said_of(set_up_project(options), SetupState::written);
  CHECK(std::count(written.begin(), written.end(), '\n') == 4);
  CHECK(project.text("templates/pi_in") == input_template(0, std::nullopt));
  CHECK(project.text("templates/pi_out") == output_template(options.max_output, false));
  CHECK(wrong_in(project).empty());
}

TEST_CASE("a template of one's own that fits stays, unless it is to be replaced", "[boinc][setup]") {
  const test::NewProject project;
  set_up_project(project.options());
  const std::string mine =
      "<input_template>\n<file_info></file_info>\n<workunit><rsc_disk_bound>5</rsc_disk_bound></workunit>\n</input_template>\n";
  project.write("templates/pi_in", mine);
  CHECK(wrong_in(project).empty());
  CHECK(project.text("templates/pi_in") == mine);
  SetupOptions options = project.options();
  options.replace = true;
  options.only_check = true;
  CHECK_THAT(said_of(set_up_project(options), SetupState::missing), Catch::StartsWith("templates/pi_in: "));
  CHECK(project.text("templates/pi_in") == mine);
}

TEST_CASE("a template has to say the copies that are asked for, and all of them", "[boinc][setup]") {
  const test::NewProject project;
  set_up_project(project.options());  // each run says
  SetupOptions options = project.options();
  options.copies.quorum = 3;
  CHECK_THAT(wrong_in(options), Catch::StartsWith("templates/pi_in: its quorum is 0, not 3; "));
  options.copies = {};
  options.is_remote = true;
  CHECK_THAT(wrong_in(options), Contains("templates/pi_in: it does not say how many copies there may be") &&
                                    Contains("templates/pi_out: its output has no <no_delete/>"));
}

TEST_CASE("a template that leaves one of its numbers of copies to BOINC is wrong", "[boinc][setup]") {
  const std::string count = GENERATE("max_error_results", "max_total_results", "max_success_results");
  const test::NewProject project;
  SetupOptions options = project.options();
  options.copies.quorum = 2;
  set_up_project(options);
  std::string text = project.text("templates/pi_in_3");
  const auto begin = text.find("<" + count + ">"), end = text.find("</" + count + ">");
  REQUIRE(begin < end);
  project.write("templates/pi_in_3", text.erase(begin, end + count.size() + 3 - begin));
  const std::string wrong = wrong_in(options);
  CHECK_THAT(wrong, Catch::StartsWith("templates/pi_in_3: it does not say how many copies there may be"));
  CHECK(std::count(wrong.begin(), wrong.end(), '\n') == 1);
}

TEST_CASE("an output template has to have the form that BOINC's tools look for", "[boinc][setup]") {
  const auto [from, to, why] = GENERATE(
      table<std::string, std::string, std::string>({{"<open_name>out<", "<open_name>eels<", "it has no output called \"out\""},
                                                    {"<OUTFILE_0/>", "<OUTFILE_0 />", "it has no <OUTFILE_0/>"},
                                                    {"<result>\n", "<result> \n", "its <result> is not at the end of a line"}}));
  const test::NewProject project;
  set_up_project(project.options());
  std::string text = project.text("templates/pi_out");
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
  project.write("templates/pi_out", text);
  CHECK(wrong_in(project) == "templates/pi_out: " + why + "; --replace writes it anew\n");
}

TEST_CASE("a daemon of the application is taken as it is, if it leaves outputs where they are looked for", "[boinc][setup]") {
  const test::NewProject project;
  SECTION("a validator and an assimilator of one's own") {
    project.add_to_config(
        "<daemons><daemon><cmd>my_validator -app pi -d 3</cmd></daemon><daemon><cmd>my_assimilator --app "
        "pi</cmd></daemon></daemons>");
    const auto items = set_up_project(project.options());
    const std::string there = said_of(items, SetupState::there);
    CHECK_THAT(there, Contains("config.xml: validator of pi: my_validator\nconfig.xml: assimilator of pi: my_assimilator\n"));
    CHECK(said_of(items, SetupState::wrong).empty());
    CHECK(DuePrograms{project.path()}.programs() == std::vector<std::string>{"bin/xadd", "bin/update_versions"});
  }
  SECTION("an assimilator that does nothing, for jobs that come from this host") {
    project.add_to_config("<daemons><daemon><cmd>sample_dummy_assimilator --app pi</cmd></daemon></daemons>");
    CHECK_THAT(wrong_in(project), Contains("sample_dummy_assimilator does not leave the outputs where they are looked for; "
                                           "sample_assimilator does"));
  }
  SECTION("the same by a path") {
    project.add_to_config("<daemons><daemon><cmd>./sample_dummy_assimilator --app pi</cmd></daemon></daemons>");
    CHECK_THAT(wrong_in(project), Contains("does not leave the outputs where they are looked for"));
  }
  SECTION("what is disabled, or has a folder of that name, is none") {
    project.add_to_config(
        "<daemons><daemon><cmd>my_validator --app pi</cmd><disabled>1</disabled></daemon>"
        "<daemon><cmd>/home/validator/my_assimilator --app pi</cmd></daemon></daemons>");
    const auto items = set_up_project(project.options());
    CHECK_THAT(said_of(items, SetupState::there), Contains("assimilator of pi: /home/validator/my_assimilator\n"));
    CHECK_THAT(said_of(items, SetupState::there), !Contains("config.xml: validator of pi"));
    CHECK_THAT(said_of(items, SetupState::written), Contains("config.xml: validator of pi"));
  }
  SECTION("an assimilator that moves outputs away, for jobs that come over the network") {
    project.add_to_config("<daemons><daemon><cmd>sample_assimilator --app pi</cmd></daemon></daemons>");
    SetupOptions options = project.options();
    options.is_remote = true;
    CHECK_THAT(wrong_in(options), Contains("; sample_dummy_assimilator does"));
  }
}

TEST_CASE("a project that was not built with BOINC's sample daemons is told so", "[boinc][setup]") {
  const test::NewProject project;
  fs::remove(project.path("bin/sample_bitwise_validator"));
  fs::remove(project.path("bin/sample_assimilator"));
  CHECK(wrong_in(project) ==
        "config.xml: validator of pi: the project has no bin/sample_bitwise_validator\n"
        "config.xml: assimilator of pi: the project has no bin/sample_assimilator\n");
  CHECK(project.text("config.xml").find("<daemon>") == std::string::npos);
}

TEST_CASE("no host or user is given two copies of a workunit, whichever of the two the project has said", "[boinc][setup]") {
  const test::NewProject project;
  const auto [flag, stays] =
      GENERATE(table<std::string, bool>({{"<one_result_per_host_per_wu/>", true},
                                         {"<one_result_per_user_per_wu>1</one_result_per_user_per_wu>", true},
                                         {"<one_result_per_host_per_wu>0</one_result_per_host_per_wu>", false},
                                         {"<one_result_per_user_per_wu>0</one_result_per_user_per_wu>", false}}));
  project.write_config("<download_dir>" + project.path("download") + "</download_dir><uldl_dir_fanout>1</uldl_dir_fanout>" + flag);
  const auto items = set_up_project(project.options());
  CHECK_THAT(said_of(items, stays ? SetupState::there : SetupState::written), Contains("config.xml: one_result_per_host_per_wu: "));
  const std::string config = project.text("config.xml");
  CHECK((config.find("<one_result_per_host_per_wu>1</one_result_per_host_per_wu>") != std::string::npos) == !stays);
  CHECK(config.find("<one_result_per_host_per_wu>0") == std::string::npos);
}

TEST_CASE("a download folder that cannot be written is wrong, and what root has to do is said", "[boinc][setup]") {
  const test::NewProject project;
  fs::remove(project.path("download"));
  const std::string wrong = wrong_in(project);
  CHECK_THAT(wrong, Contains(project.path("download") + ": open to the project's owner and its web server: 1 of its folders, " +
                             project.path("download") + " for one,") &&
                        Contains("As root: chgrp -R "));
  CHECK_FALSE(project.has("download"));
}

TEST_CASE("what has to run is noted before anything is written that needs it", "[boinc][setup]") {
  const test::NewProject project;
  project.write("apps/pi", "a file, where there is to be a folder");
  CHECK_THAT(interface_error(project.options()), Contains(project.path("apps/pi")));
  CHECK(DuePrograms{project.path()}.programs() == std::vector<std::string>{"bin/xadd", "bin/update_versions"});
}
