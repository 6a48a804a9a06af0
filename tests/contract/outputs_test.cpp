// The contract of every interface: files that come back from a task.
#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <stdexcept>

#include "contract/functions.hpp"
#include "support/errors.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using namespace contract;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

using Files = std::map<std::string, std::string>;

void put_file(const std::string& path, const std::string& text) {
  if (const fs::path parent = fs::path{path}.parent_path(); !parent.empty()) fs::create_directories(parent);
  std::ofstream{path} << text;
}

int leave_files(const Files& files) {
  for (const auto& [path, text] : files) put_file(path, text);
  return static_cast<int>(files.size());
}

int leave_program(const std::string& path) {
  put_file(path, "#!/bin/sh\n");
  ::chmod(path.c_str(), 0700);
  return 0;
}

int leave_files_and_throw(const Files& files) {
  leave_files(files);
  throw std::runtime_error{"no"};
}

int leave_files_and_wait(const Files& files, const std::string& go) {
  leave_files(files);
  wait_for_file(go);
  return 0;
}

int crash_once_then_leave_files(const Files& files, const std::string& path) {
  leave_files(files);
  crash_once(path);
  return 7;
}

/// What is no file of the task's own.
void leave_other_things(const std::string& secret) {
  fs::create_directory("folder");
  fs::create_symlink(secret, "folder/link");
  fs::create_directory_symlink("/etc", "etc");
  if (::mkfifo("pipe", 0600) != 0) throw std::runtime_error{"no pipe"};
}

std::string leave_elsewhere() {
  leave_files({{"a", "a"}});
  fs::current_path("/");
  return fs::current_path();
}

std::string folder_and_content() {
  std::string text = fs::current_path();
  for (const auto& entry : fs::directory_iterator{"."}) text += " " + entry.path().filename().string();
  put_file("left", "behind");
  return text;
}

/// Every file below the folder, with its text.
Files all_in(const std::string& folder) {
  Files files;
  for (const auto& entry : fs::recursive_directory_iterator{folder}) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file{entry.path()};
    files[entry.path().lexically_relative(folder)] = {std::istreambuf_iterator<char>{file}, {}};
  }
  return files;
}

}  // namespace

TEST_CASE("files that a task leaves are in their places when it is done", "[contract][outputs]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder here;
  mw::Master master{mw::interface(spec)};
  const Files left{
      {"result.csv", "1,2"},  {"out.dat", std::string(300'000, 'x')}, {"frames/1.png", "one"},        {"frames/2.png", ""},
      {"frames/2.txt", "no"}, {"frames/deep/3.png", "three"},         {"tree/a/b/leaf", "in a tree"}, {"unnamed", "stays"}};
  const mw::TaskOptions options{.outputs = {{"result.csv", here.path("")},
                                            {"out.dat", here.path("run-17.dat")},
                                            {"frames/*.png", here.path("pictures/")},
                                            {"tree/**/l?a[ef]", here.path("trees/new/")}}};
  const auto task = master.submit_task<leave_files>(options, left);
  CHECK(master.get_result(task) == 8);
  CHECK(all_in(here.path("")) == Files{{"result.csv", "1,2"},
                                       {"run-17.dat", std::string(300'000, 'x')},
                                       {"pictures/1.png", "one"},
                                       {"pictures/2.png", ""},
                                       {"trees/new/a/b/leaf", "in a tree"}});
}

TEST_CASE("a result is what it would be without files, however large it is", "[contract][outputs]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder here;
  mw::Master master{mw::interface(spec)};
  const mw::Program program{.path = "sh", .args = {"-c", "tee copy; echo note >&2"}};
  const std::string large(400'000, 'r');
  for (const std::string& input : {std::string{}, std::string{"small"}, large}) {
    const auto task = master.submit_task({.outputs = {{"copy", here.path("copy")}}}, program, input);
    CHECK(master.get_result(task) == input);
    CHECK(task.stderr_text() == "note\n");
    CHECK(all_in(here.path("")) == Files{{"copy", input}});
  }
}

TEST_CASE("an output without a place goes where it would be if the task had run here", "[contract][outputs]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder here;
  const std::string name = fs::path{here.path("x")}.parent_path().filename();
  mw::Master master{mw::interface(spec)};
  const auto task = master.submit_task<leave_files>({.outputs = {name + "/a/named", name + "/b/*"}},
                                                    Files{{name + "/a/named", "n"}, {name + "/b/1", "1"}, {name + "/b/2", "2"}});
  CHECK(master.get_result(task) == 3);
  CHECK(all_in(name) == Files{{"a/named", "n"}, {"b/1", "1"}, {"b/2", "2"}});
  fs::remove_all(name);
}

TEST_CASE("an executable file stays one, and others get the permissions of new files", "[contract][outputs]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder here;
  mw::Master master{mw::interface(spec)};
  const mode_t before = ::umask(027);
  master.get_result(master.submit_task<leave_program>({.outputs = {{"tool", here.path("tool")}}}, "tool"));
  master.get_result(master.submit_task<leave_files>({.outputs = {{"data", here.path("data")}}}, Files{{"data", "d"}}));
  ::umask(before);
  const auto mode_of = [&](const char* name) { return static_cast<int>(fs::status(here.path(name)).permissions()); };
  CHECK(mode_of("tool") == 0750);
  CHECK(mode_of("data") == 0640);
}

TEST_CASE("an output that is not there is the task's error, which names it, and nothing comes", "[contract][outputs]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder here;
  mw::Master master{mw::interface(spec)};
  for (const char* missing : {"b.csv", "none/b.csv", "*.png", "**/*.dat", "a.csv/x"}) {
    INFO(missing);
    const auto task = master.submit_task<leave_files>({.outputs = {{"a.csv", here.path("a.csv")}, {missing, here.path("")}}},
                                                      Files{{"a.csv", "a"}});
    const auto e = test::error_of(master, task);
    CHECK(e.cause() == mw::Cause::output_file);
    CHECK_THAT(e.message(), Contains("\"" + std::string{missing} + "\" is not there"));
  }
  CHECK(all_in(here.path("")).empty());
}

TEST_CASE("a task whose output was missing runs again as often as its faults may be retried", "[contract][outputs]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder here;
  mw::Master master{mw::interface(spec)};
  const auto task = master.submit_task<leave_files>({.retries = 2, .outputs = {{"none", here.path("")}}}, Files{{"a", "a"}});
  const auto e = test::error_of(master, task);
  CHECK(e.cause() == mw::Cause::output_file);
  CHECK(e.facts().faults == 3);
}

TEST_CASE("a link, a pipe or a folder is no file that comes back", "[contract][outputs][S6]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder here;
  const test::TemporaryFolder elsewhere;
  put_file(elsewhere.path("secret"), "secret");
  mw::Master master{mw::interface(spec)};
  const auto why = [&](const char* from) {
    const auto task = master.submit_task<leave_other_things>({.outputs = {{from, here.path("")}}}, elsewhere.path("secret"));
    const auto e = test::error_of(master, task);
    CHECK(e.cause() == mw::Cause::output_file);
    return e.message();
  };
  CHECK_THAT(why("folder/link"), Contains("\"folder/link\" is a symbolic link"));
  CHECK_THAT(why("folder/*"), Contains("\"folder/link\" is a symbolic link"));
  CHECK_THAT(why("etc/passwd"), Contains("\"etc/passwd\" is not there: \"etc\" is no folder"));
  CHECK_THAT(why("*/passwd"), Contains("is not there"));
  CHECK_THAT(why("**/passwd"), Contains("is not there"));
  CHECK_THAT(why("pipe"), Contains("\"pipe\" is a pipe"));
  CHECK_THAT(why("folder"), Contains("\"folder\" is a folder"));
  CHECK(all_in(here.path("")).empty());
}

TEST_CASE("outputs that make no sense are usage errors", "[contract][outputs]") {
  const test::TemporaryFolder here;
  mw::Master master{mw::interface("serial")};
  const auto why = [&](std::vector<mw::OutputFile> outputs) {
    return test::usage_error([&] { std::ignore = master.submit_task<add>({.outputs = outputs}, 1, 1); });
  };
  for (const char* from : {"", "../a", "/etc/a", "x/../../a", "..", ".", "./a", "x//a", "x/", "[a", "a/**"}) {
    INFO(from);
    CHECK_THAT(why({{from, here.path("a")}}), Contains("its path in the task's folder"));
  }
  CHECK_THAT(why({{std::string{"a\0b", 3}, "a"}}), Contains("zero byte"));
  CHECK_THAT(why({{"a", std::string{"a\0b", 3}}}), Contains("zero byte"));
  CHECK_THAT(why({{"*", here.path("a")}}), Contains("write \"" + here.path("a/") + "\""));
  CHECK_THAT(why({{"a", fs::path{here.path("a")}.parent_path()}}), Contains("is a folder"));
  CHECK_THAT(why({{"a", here.path("x")}, {"b", here.path("./x")}}), Contains("two outputs"));
  CHECK_THAT(why({{"a/x", here.path("")}, {"b/x", here.path("")}}), Contains("two outputs"));
}

TEST_CASE("a task that fails or is cancelled leaves no file", "[contract][outputs]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder here;
  mw::Master master{mw::interface(spec)};
  const mw::TaskOptions options{.outputs = {{"a", here.path("place/a")}}};
  CHECK(test::error_of(master, master.submit_task<leave_files_and_throw>(options, Files{{"a", "a"}})).cause() ==
        mw::Cause::exception);
  const auto task = master.submit_task<leave_files_and_wait>(options, Files{{"a", "a"}}, here.path("go"));
  REQUIRE(test::eventually([&] { return task.state() == mw::TaskState::running; }));
  CHECK(master.cancel(task));
  put_file(here.path("go"), "");
  CHECK(master.get_result(master.submit_task<add>(1, 1)) == 2);
  CHECK(all_in(here.path("")) == Files{{"go", ""}});
}

TEST_CASE("the files of a task whose worker died come from the attempt that ended well", "[contract][outputs]") {
  const auto spec = GENERATE(from_range(specs_with_processes()));
  INFO(spec);
  const test::TemporaryFolder here;
  mw::Master master{mw::interface(spec)};
  const auto task = master.submit_task<crash_once_then_leave_files>({.outputs = {{"*", here.path("back/")}}}, Files{{"a", "a"}},
                                                                    here.path("crashed"));
  CHECK(master.get_result(task) == 7);
  CHECK(all_in(here.path("back")) == Files{{"a", "a"}});
}

TEST_CASE("outputs have a limit on their size", "[contract][outputs][S6]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder here;
  mw::Master master{mw::interface(spec)};
  const mw::TaskOptions options{.outputs = {{"*", here.path("")}}, .outputs_limit = 10};
  CHECK(master.get_result(master.submit_task<leave_files>(options, Files{{"a", "12345"}, {"b", "67890"}})) == 2);
  const auto large = test::error_of(master, master.submit_task<leave_files>(options, Files{{"a", "12345"}, {"c", "678901"}}));
  CHECK(large.cause() == mw::Cause::output_file);
  CHECK_THAT(large.message(), Contains("the limit (outputs_limit) is 10"));
  CHECK(all_in(here.path("")) == Files{{"a", "12345"}, {"b", "67890"}});
}

TEST_CASE("a master whose tasks brought files leaves no folder behind", "[contract][outputs]") {
  const auto spec = GENERATE(from_range(specs_with_processes()));
  INFO(spec);
  const test::TemporaryFolder here;
  const fs::path own = fs::temp_directory_path() / ("cppmw-" + std::to_string(::getuid())) / std::to_string(::getpid());
  const bool was_there = fs::exists(own);  // `serial` keeps copies of data files there
  {
    mw::Master master{mw::interface(spec)};
    master.get_result(master.submit_task<leave_files>({.outputs = {{"a", here.path("a")}}}, Files{{"a", "a"}}));
  }
  CHECK(fs::exists(own) == was_there);
}

TEST_CASE("tasks that bring the same file replace it as a whole", "[contract][outputs]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder here;
  put_file(here.path("same"), "before");
  fs::create_hard_link(here.path("same"), here.path("first"));
  mw::Master master{mw::interface(spec)};
  for (char letter = 'a'; letter < 'i'; ++letter)
    std::ignore =
        master.submit_task<leave_files>({.outputs = {{"x", here.path("same")}}}, Files{{"x", std::string(100'000, letter)}});
  for (int i = 0; i < 8; ++i) {
    master.get_result();
    const std::string now = all_in(here.path(""))["same"];
    CHECK(now == std::string(100'000, now.front()));
  }
  CHECK(all_in(here.path("")).size() == 2);
  CHECK(all_in(here.path(""))["first"] == "before");
}

TEST_CASE("a place that cannot be written to is the task's error, which names it", "[contract][outputs]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder here;
  put_file(here.path("file"), "f");
  mw::Master master{mw::interface(spec)};
  const mw::TaskOptions options{.outputs = {{"b", here.path("b")}, {"a", here.path("file/below/a")}}};
  const auto e = test::error_of(master, master.submit_task<leave_files>(options, Files{{"a", "a"}, {"b", "b"}}));
  CHECK(e.cause() == mw::Cause::output_file);
  CHECK_THAT(e.message(), Contains(here.path("file/below/a")));
  CHECK(all_in(here.path("")) == Files{{"file", "f"}});
}

TEST_CASE("a pattern names no data file of the task's, a name may", "[contract][outputs]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder here;
  put_file(here.path("in.dat"), "in");
  mw::Master master{mw::interface(spec)};
  master.get_result(master.submit_task<leave_files>({.files = {here.path("in.dat")}, .outputs = {{"*.dat", here.path("all/")}}},
                                                    Files{{"out.dat", "out"}}));
  CHECK(all_in(here.path("all")) == Files{{"out.dat", "out"}});
  for (int i = 0; i < 2; ++i) {
    master.get_result(master.submit_task<add>({.files = {here.path("in.dat")}, .outputs = {{"in.dat", here.path("copy")}}}, 1, 1));
    put_file(here.path("copy"), "changed");  // and that of no other task
  }
  master.get_result(master.submit_task<add>({.files = {here.path("in.dat")}, .outputs = {{"in.dat", here.path("copy")}}}, 1, 1));
  CHECK(all_in(here.path("")) == Files{{"in.dat", "in"}, {"copy", "in"}, {"all/out.dat", "out"}});
}

TEST_CASE("a task that went to another folder still has its files found in its own", "[contract][outputs]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder here;
  mw::Master master{mw::interface(spec)};
  CHECK(master.get_result(master.submit_task<leave_elsewhere>({.outputs = {{"a", here.path("a")}}})) == "/");
  CHECK(all_in(here.path("")) == Files{{"a", "a"}});
}

TEST_CASE("a task may have a new, empty folder that goes with it", "[contract][outputs]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  std::set<std::string> folders;
  for (int i = 0; i < 3; ++i) {
    const std::string folder = master.get_result(master.submit_task<folder_and_content>({.own_folder = true}));
    CHECK(folder.find(' ') == std::string::npos);
    CHECK(folder != fs::current_path().string());
    CHECK(folders.insert(folder).second);
    CHECK(test::eventually([&] { return !fs::exists(folder); }));
  }
}

TEST_CASE("a program's output file comes back, and its result is empty", "[contract][outputs][program]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder here;
  put_file(here.path("in"), "b\na\n");
  mw::Master master{mw::interface(spec)};
  const auto task = master.submit_task({.files = {here.path("in")}, .outputs = {{"run/sorted", here.path("")}}},
                                       mw::Program{.path = "sort", .stdin_file = "in", .stdout_file = "run/sorted"});
  CHECK(master.get_result(task).empty());
  CHECK(all_in(here.path("")) == Files{{"in", "b\na\n"}, {"sorted", "a\nb\n"}});
}
