// The contract of every interface: programs as tasks.
#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>

#include "contract/functions.hpp"
#include "support/errors.hpp"
#include "support/processes.hpp"

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
