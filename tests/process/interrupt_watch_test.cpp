// What is done before a signal ends a program, with a real program and its own signals.
#include <catch2/catch.hpp>

#include <signal.h>

#include <string>

#include "process/run_program.hpp"
#include "support/program.hpp"

using namespace mw::process;

namespace {

ProgramRun interrupted(const std::string& way, int signal) {
  return run_program(test::beside("interrupted"), {way, std::to_string(signal)}, {});
}

}  // namespace

TEST_CASE("before a signal ends a program it does what it has to, and ends as by the signal", "[process][interrupts]") {
  const int signal = GENERATE(SIGINT, SIGTERM, SIGHUP);
  const ProgramRun run = interrupted("alone", signal);
  CHECK(run.out == "before the end\n");
  CHECK(run.death.signaled);
  CHECK(run.death.signal == signal);
}

TEST_CASE("a second signal ends the program at once", "[process][interrupts]") {
  const ProgramRun run = interrupted("twice", SIGINT);
  CHECK(run.out == "before the end\n");
  CHECK(run.death.signaled);
  CHECK(run.death.signal == SIGINT);
}

TEST_CASE("a program that handles a signal itself goes on doing so", "[process][interrupts]") {
  const std::string way = GENERATE("handled before", "handled later");
  INFO(way);
  const ProgramRun run = interrupted(way, SIGINT);
  CHECK(run.out == "its own handler\nits own handler\nat its end\n");
  CHECK(run.death.exit_status == 0);
}

TEST_CASE("a program that ignores a signal goes on doing so", "[process][interrupts]") {
  CHECK(interrupted("ignored", SIGHUP).out == "at its end\n");
}

TEST_CASE("when there is nothing to be done any more, a signal ends the program as ever", "[process][interrupts]") {
  const ProgramRun run = interrupted("over", SIGTERM);
  CHECK(run.out.empty());
  CHECK(run.death.signaled);
  CHECK(run.death.signal == SIGTERM);
}

TEST_CASE("several watches in a program are all told", "[process][interrupts]") {
  CHECK(interrupted("second watch", SIGINT).out == "before the end\nof the second\n");
}

TEST_CASE("a program that comes to an end by itself at a signal goes on, and the next signal ends it", "[process][interrupts]") {
  const int signal = GENERATE(SIGINT, SIGTERM);
  const ProgramRun run = interrupted("asked", signal);
  CHECK(run.out == "asked\nit goes on\nbefore the end\n");
  CHECK(run.death.signaled);
  CHECK(run.death.signal == signal);
}

TEST_CASE("a signal that comes twice at a time is one, and another kind is another", "[process][interrupts]") {
  CHECK(interrupted("echo", SIGTERM).out == "asked\nit goes on\nat its end\n");
  CHECK(interrupted("echo", SIGHUP).out == "asked\nit goes on\nat its end\n");
  const ProgramRun run = interrupted("another", SIGTERM);
  CHECK(run.out == "asked\nit goes on\nbefore the end\n");
  CHECK(run.death.signal == SIGHUP);
}

#ifndef __SANITIZE_THREAD__  // which keeps signals from a forked child
TEST_CASE("a signal to a child that was forked ends that child, and nobody else", "[process][interrupts]") {
  const ProgramRun run = interrupted("forked", SIGTERM);
  CHECK(run.out == "the child died of signal 15\nthe child lived on\nthe parent lives\n");
  CHECK(run.death.exit_status == 0);
}
#endif
