// stdin, stdout and stderr that are closed, full, or have nobody at their other end.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <string>

#include "process/run_program.hpp"
#include "process/standard_streams.hpp"
#include "support/program.hpp"

namespace process = mw::process;

namespace {

process::ProgramRun run_shell(const std::string& command) { return process::run_program("/bin/sh", {"-c", command}, {}); }

std::string prints(const std::string& arguments) { return test::beside("prints") + " " + arguments; }

/// The exit status of a child process that calls this; -1 if a signal ended it.
int in_child(const std::function<int()>& call) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(call());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("what is printed and cannot be written is exit status 1, and one line on stderr", "[process][streams]") {
  const auto way = GENERATE(as<std::string>{}, "printf", "much", "cout", "apart", "destructor");
  INFO(way);
  CHECK(run_shell(prints(way)).death.exit_status == 0);
  const auto full = run_shell(prints(way) + " > /dev/full");
  CHECK(full.death.exit_status == 1);
  CHECK(full.err.starts_with("prints: what it printed to stdout could not be written"));
  CHECK(std::count(full.err.begin(), full.err.end(), '\n') == 1);
  const auto closed = run_shell(prints(way) + " >&-");
  CHECK(closed.death.exit_status == 1);
  CHECK(std::count(closed.err.begin(), closed.err.end(), '\n') == 1);
  CHECK(run_shell(prints(way) + " > /dev/full 2>&1").death.exit_status == 1);
}

TEST_CASE("the reason why stdout failed is told", "[process][streams]") {
  CHECK(run_shell(prints("printf > /dev/full")).err.find("No space left on device") != std::string::npos);
  CHECK(run_shell(prints("printf >&-")).err.find("Bad file descriptor") != std::string::npos);
}

TEST_CASE("an exit status that tells of something else stays, and who prints nothing needs no stdout", "[process][streams]") {
  CHECK(run_shell(prints("printf 7 > /dev/full")).death.exit_status == 7);
  for (const char* where : {"> /dev/full", ">&-", "<&- >&- 2>&-"})
    CHECK(run_shell(prints("nothing ") + where).death.exit_status == 0);
  // A program may close its stdout when it has printed all.
  const auto closed = run_shell(prints("closed"));
  CHECK(closed.death.exit_status == 0);
  CHECK(closed.out == "xxxxxxxxxx\n");
}

TEST_CASE("descriptors 0 to 2 that were closed are opened, so that nothing else gets their numbers", "[process][streams]") {
  const int status = in_child([] {
    for (const int fd : {0, 1, 2}) ::close(fd);
    process::open_standard_descriptors();
    const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    char byte = 0;
    const bool at_end = ::read(0, &byte, 1) == 0;
    const bool fails = ::write(1, "x", 1) < 0;
    const bool forgets = ::write(2, "x", 1) == 1;
    return (next > 2 ? 1 : 0) + (at_end ? 2 : 0) + (fails ? 4 : 0) + (forgets ? 8 : 0);
  });
  CHECK(status == 15);
}

TEST_CASE("what is said on a stderr that nobody reads, or that is full or closed, does no harm", "[process][streams]") {
  CHECK(in_child([] {
          int ends[2];
          if (::pipe(ends) != 0) return 1;
          ::close(ends[0]);
          ::dup2(ends[1], 2);
          process::tell("hello\n");
          return 0;
        }) == 0);
  CHECK(in_child([] {
          ::dup2(::open("/dev/full", O_WRONLY), 2);
          process::tell("hello\n");
          ::close(2);
          process::tell("hello\n");
          return 0;
        }) == 0);
}
