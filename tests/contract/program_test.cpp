// The contract of every interface: programs as tasks.
#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "contract/functions.hpp"
#include "support/errors.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using namespace contract;

namespace {

mw::TaskError error_of_program(mw::Master& master, const mw::Program& program) {
  return test::error_of(master, master.submit_task(program));
}

bool ignore_ends_of_children() { return std::signal(SIGCHLD, SIG_IGN) != SIG_ERR; }

/// A program of this build, beside this test.
std::string beside(const std::string& name) { return std::filesystem::read_symlink("/proc/self/exe").parent_path() / name; }

}  // namespace

TEST_CASE("a program gets its input on stdin, and its stdout is the result", "[contract][program]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto task = master.submit_task(mw::Program{"tr", {"a-z", "A-Z"}}, "hello");
  CHECK(master.get_result(task) == "HELLO");
  CHECK(task.name() == "tr");
  CHECK(master.get_result(master.submit_task(mw::Program{"/bin/cat"}, std::string("a\0b\xff", 4))) == std::string("a\0b\xff", 4));
  CHECK(master.get_result(master.submit_task(mw::Program{"/bin/echo", {"$HOME", "a  b", "*"}})) == "$HOME a  b *\n");  // no shell
}

TEST_CASE("a program's stderr is kept with the task", "[contract][program]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto task = master.submit_task(mw::Program{"sh", {"-c", "echo note >&2; echo result"}});
  CHECK(master.get_result(task) == "result\n");
  CHECK(task.stderr_text() == "note\n");
}

TEST_CASE("a program with an exit status other than 0 is a TaskError with the end of its stderr", "[contract][program][P24]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto e = error_of_program(master, mw::Program{"sh", {"-c", "echo no such molecule >&2; exit 3"}});
  CHECK(e.cause() == mw::Cause::exit_status);
  CHECK(e.failure().exit_status == 3);
  CHECK(e.stderr_tail() == "no such molecule\n");
  CHECK(e.attempt() == 1);  // it ran: the program's own fault
  CHECK(e.function() == "sh");
}

TEST_CASE("a program that dies of a signal is a TaskError that names it", "[contract][program][P24]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto e = error_of_program(master, mw::Program{"sh", {"-c", "kill -11 $$"}});
  CHECK(e.cause() == mw::Cause::signal);
  CHECK(e.failure().signal == 11);
}

TEST_CASE("a program that fails is a failure, too, where a task has had SIGCHLD ignored", "[contract][program]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::SignalAction unchanged{SIGCHLD, {}};  // `serial` runs tasks in this process
  mw::Master master{mw::interface(spec == "serial" ? spec : with_workers(spec, 1))};
  for (int i = 0; i < 3; ++i) {
    CHECK(master.get_result(master.submit_task<ignore_ends_of_children>()));
    const auto e = error_of_program(master, mw::Program{"sh", {"-c", "printf half; exit 3"}});
    CHECK(e.cause() == mw::Cause::exit_status);
    CHECK(e.failure().exit_status == 3);
  }
}

TEST_CASE("a missing executable is a TaskError that says so", "[contract][program]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const auto path = GENERATE(as<std::string>{}, "/no/such/program", "no-such-program-in-path", "/etc/passwd", "/tmp");
  mw::Master master{mw::interface(spec)};
  const auto e = error_of_program(master, mw::Program{path});
  CHECK(e.cause() == mw::Cause::not_started);
  CHECK(e.message().find(path) != std::string::npos);
  CHECK(master.get_result(master.submit_task<add>(1, 1)) == 2);
}

TEST_CASE("a stand-alone program reads its input with task_input and returns all its output", "[contract][program][P11]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const std::vector<double> values{1, 2.5, -3};
  const mw::Bytes input = mw::encode(values);
  const std::string_view text{reinterpret_cast<const char*>(input.data()), input.size()};
  const std::string output = master.get_result(master.submit_task(mw::Program{beside("stand_alone_program")}, text));
  CHECK(mw::decode<double>(std::as_bytes(std::span{output})) == 0.5);
  // Returned twice, both parts arrive, in order.
  CHECK(master.get_result(master.submit_task(mw::Program{beside("stand_alone_program"), {"--text"}}, "abc")) == "abc|cba");
}

TEST_CASE("a program's soft limit reaches all that it has started", "[contract][program]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  // The shell heeds no signal itself: it goes on when its child has ended.
  const mw::Program program{"sh", {"-c", "trap '' TERM; (trap - TERM; exec sleep 600); echo ended"}};
  CHECK(master.get_result(master.submit_task({.soft_limit = until_it_listens}, program)) == "ended\n");
}

TEST_CASE("what a program leaves behind is ended with it", "[contract][program]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto left = master.submit_task(mw::Program{"sh", {"-c", "sleep 600 & echo $!"}});
  const pid_t pid = std::atoi(master.get_result(left).c_str());
  REQUIRE(pid > 0);
  const auto limited =
      master.submit_task({.soft_limit = until_it_listens}, mw::Program{"sh", {"-c", "sleep 600 & echo $! >&2; sleep 600"}});
  const pid_t other = std::atoi(test::error_of(master, limited).stderr_tail().c_str());
  REQUIRE(other > 0);
  for (const pid_t one : {pid, other})
    CHECK(test::eventually([one] { return test::state_of(one) == '\0' || test::state_of(one) == 'Z'; }, std::chrono::seconds{5}));
}

TEST_CASE("8 MiB through a program, in and out", "[contract][program]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const std::string big(8 << 20, 'x');
  CHECK(master.get_result(master.submit_task(mw::Program{"cat"}, big)) == big);
}

TEST_CASE("a program has the variables that it is given besides its worker's", "[contract][program]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto task = master.submit_task(mw::Program{.path = "sh",
                                                   .args = {"-c", "echo \"$MINE|$EMPTY|$HOME|${PATH:+path}\""},
                                                   .environment = {{"MINE", "a=b c"}, {"EMPTY", ""}, {"HOME", "/nowhere"}}});
  CHECK(master.get_result(task) == "a=b c||/nowhere|path\n");
  CHECK(master.get_result(master.submit_task(mw::Program{"sh", {"-c", "echo ${MINE:-none}"}})) == "none\n");
}

TEST_CASE("a program works where it is told, and is found from the task's folder", "[contract][program]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder folder;
  std::ofstream{folder.path("tool")} << "#!/bin/sh\npwd; ls; cat\n";
  std::filesystem::permissions(folder.path("tool"), std::filesystem::perms::owner_all);
  std::ofstream{folder.path("data")} << "data";
  mw::Master master{mw::interface(spec)};
  const mw::TaskOptions options{.files = {{folder.path("tool"), "tool"}, {folder.path("data"), "sub/data"}}};
  const auto inside = master.get_result(
      master.submit_task(options, mw::Program{.path = "./tool", .working_directory = "sub", .stdin_file = "sub/data"}));
  CHECK_THAT(inside, Catch::EndsWith("/sub\ndata\ndata"));
  const auto outside = master.get_result(
      master.submit_task(options, mw::Program{.path = "./tool", .working_directory = "/proc/self/task"}, "input"));
  CHECK_THAT(outside, Catch::StartsWith("/proc/") && Catch::EndsWith("\ninput"));
  const auto missing =
      test::error_of(master, master.submit_task(options, mw::Program{.path = "./tool", .working_directory = "none"}));
  CHECK(missing.cause() == mw::Cause::not_started);
  CHECK_THAT(missing.message(), Catch::Contains("its working directory none: No such file or directory"));
}

TEST_CASE("a program reads from a file and writes to a file of the task's folder", "[contract][program]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder folder;
  std::ofstream{folder.path("in")} << "hello";
  mw::Master master{mw::interface(spec)};
  const mw::TaskOptions options{.files = {folder.path("in")}};
  CHECK(master.get_result(master.submit_task(options, mw::Program{.path = "cat", .stdin_file = "in"})) == "hello");
  // In place of a data file, too: that of no other task.
  const mw::Program over{.path = "sh", .args = {"-c", "cat; cat in >&2"}, .stdin_file = "in", .stdout_file = "in"};
  for (int i = 0; i < 2; ++i) {
    const auto task = master.submit_task(options, over);
    CHECK(master.get_result(task).empty());
    CHECK(task.stderr_text() == "hello");
  }
  const auto error_of = [&](const mw::Program& program) {
    const auto e = test::error_of(master, master.submit_task(options, program));
    CHECK(e.cause() == mw::Cause::not_started);
    return e.message();
  };
  CHECK_THAT(error_of({.path = "cat", .stdin_file = "none"}), Catch::Contains("stdin_file none cannot be read: No such file"));
  CHECK_THAT(error_of({.path = "cat", .stdout_file = "in/out"}), Catch::Contains("stdout_file in/out cannot be written"));
}

TEST_CASE("a program whose surroundings make no sense is a usage error", "[contract][program]") {
  mw::Master master{mw::interface("serial")};
  const auto why = [&](const mw::Program& program, const std::string& input = {}) {
    return test::usage_error([&] { std::ignore = master.submit_task(program, input); });
  };
  using Catch::Contains;
  const std::string torn{"a\0b", 3};
  CHECK_THAT(why({.path = "cat", .environment = {{"A=B", "c"}}}), Contains("no variable can be called \"A=B\""));
  CHECK_THAT(why({.path = "cat", .environment = {{"", "c"}}}), Contains("no variable can be called \"\""));
  CHECK_THAT(why({.path = "cat", .environment = {{torn, "c"}}}), Contains("zero byte"));
  CHECK_THAT(why({.path = "cat", .environment = {{"A", torn}}}), Contains("zero byte"));
  CHECK_THAT(why({.path = "cat", .working_directory = torn}), Contains("zero byte"));
  for (const char* path : {"/etc/passwd", "../a", "a/", "a/../../b"}) {
    CHECK_THAT(why({.path = "cat", .stdin_file = path}), Contains("its stdin_file, \"" + std::string{path}));
    CHECK_THAT(why({.path = "cat", .stdout_file = path}), Contains("its stdout_file, \"" + std::string{path}));
  }
  CHECK_THAT(why({.path = "cat", .stdin_file = "in"}, "input"), Contains("two inputs"));
}
