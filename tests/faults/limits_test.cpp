// Small limits on what a process may have (ulimit): work goes on without what they forbid.
#include <catch2/catch.hpp>

#include <sys/wait.h>

#include "process/run_program.hpp"
#include "support/program.hpp"

namespace {

mw::process::ProgramRun under(const std::string& limit, const std::string& value, const std::string& spec,
                              const std::string& work) {
  auto run = mw::process::run_program(test::beside("under_limits"), {limit, value, spec, work}, {});
  UNSCOPED_INFO(limit << ' ' << value << ", " << spec << ", " << work << ":\n" << run.out << run.err);
  return run;
}

}  // namespace

TEST_CASE("large payloads need no more descriptors than there are", "[faults][limits]") {
  const auto run = under("descriptors", "64", "multicore:2", "payloads");
  CHECK(run.out == "0 failed\n");
  CHECK(run.err.empty());
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("large payloads with little address space end right, or with an error that says so", "[faults][limits]") {
  const auto few = under("address space", "300000000", "multicore:2", "few payloads");
  CHECK(few.out == "0 failed\n");
  CHECK(few.err.empty());
  const auto many = under("address space", "300000000", "multicore:2", "payloads");
  CHECK_FALSE(many.death.signaled);
  CHECK(many.err.find("broke the protocol") == std::string::npos);
}
#endif

TEST_CASE("large payloads go by socket where files must be small", "[faults][limits]") {
  const auto run = under("file size", "65536", "multicore:2", "payloads");
  CHECK(run.out == "0 failed\n");
  CHECK(run.err.empty());
}

TEST_CASE("a task that prints more than a file may hold loses the rest, and not its life", "[faults][limits]") {
  const auto run = under("file size", "65536", "multicore:1", "print");
  CHECK(run.death.exit_status == 0);
  CHECK(run.out.find("0 failed\n") != std::string::npos);
}

TEST_CASE("a limit on file sizes that leaves room for nothing is an error that names it", "[faults][limits]") {
  const auto run = under("file size", "4096", "multicore:1", "few payloads");
  CHECK(run.death.exit_status == 3);
  CHECK(run.out.find("ulimit -f") != std::string::npos);
}

TEST_CASE("where the stack is unlimited, a task has more of it than a thread usually gets", "[faults][limits]") {
  for (const char* spec : {"multicore:1", "serial"}) {
    const auto run = under("stack", "unlimited", spec, "stack");
    if (run.death.exit_status == 77) return;  // not to be had
    CHECK(run.out == "0 failed\n");
  }
}
