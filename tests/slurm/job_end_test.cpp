// When a job of Slurm's ends: what its commands say, and what else they may say.
#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>

#include "slurm/answers.hpp"
#include "slurm/job_end.hpp"
#include "support/temporary.hpp"

using namespace mw::slurm;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

std::chrono::system_clock::time_point since_1970(std::int64_t seconds) {
  return std::chrono::system_clock::time_point{std::chrono::seconds{seconds}};
}

/// A variable for as long as this lives.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_{name}, before_{std::getenv(name) ? std::getenv(name) : ""} {
    value.empty() ? ::unsetenv(name) : ::setenv(name, value.c_str(), 1);
  }
  ~Variable() { before_.empty() ? ::unsetenv(name_) : ::setenv(name_, before_.c_str(), 1); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* const name_;
  const std::string before_;
};

/// Commands in the place of Slurm's.
class FakeCommands {
 public:
  void put(const std::string& name, const std::string& script) const {
    std::ofstream{folder_.path(name)} << "#!/bin/sh\n" << script << "\n";
    ::chmod(folder_.path(name).c_str(), 0755);
  }

 private:
  const test::TemporaryFolder folder_;
  const Variable path_{"PATH", folder_.path(".") + ":/usr/bin:/bin"};
  const Variable end_{"SLURM_JOB_END_TIME", ""};
};

std::string why_nobody_knows(std::chrono::milliseconds limit = 5s) {
  try {
    static_cast<void>(end_of("12", limit));
  } catch (const mw::InterfaceError& e) {
    return e.what();
  }
  return {};
}

}  // namespace

TEST_CASE("the end of a job is a number, a local date, or none", "[slurm]") {
  CHECK(read_end("1795859000\n")->at == since_1970(1'795'859'000));
  std::tm date{};
  date.tm_year = 126, date.tm_mon = 10, date.tm_mday = 28, date.tm_hour = 9, date.tm_min = 42, date.tm_sec = 21, date.tm_isdst = -1;
  CHECK(read_end(" 2026-11-28T09:42:21 ")->at == since_1970(std::mktime(&date)));
  for (const char* const none : {"N/A", "NONE", "Unknown", "UNLIMITED"}) CHECK_FALSE(read_end(none)->at);
  for (const char* const bad :
       {"", "\n", "x", "-1", "12", "99999999999", "99999999999999999999", "2026-11-28", "2026-11-28T09:42:21x",
        "2026-13-28T09:42:21", "slurm is being upgraded", "1795859000 1795859000"}) {
    INFO(bad);
    CHECK_FALSE(read_end(bad));
  }
}

TEST_CASE("the end of a job is found in its description", "[slurm]") {
  CHECK(read_end_in_description("JobId=12 JobName=x\n   StartTime=1 EndTime=1795859000 Deadline=N/A\n")->at ==
        since_1970(1'795'859'000));
  CHECK_FALSE(read_end_in_description("JobId=12 SuspendEndTime=1795859000"));
  CHECK_FALSE(read_end_in_description("JobId=12 EndTime="));
  CHECK_FALSE(read_end_in_description(""));
}

TEST_CASE("the job is the one of the environment, if that is a number", "[slurm]") {
  const auto job_with = [](const std::string& id) {
    const Variable variable{"SLURM_JOB_ID", id};
    return own_job();
  };
  CHECK(job_with("12") == "12");
  CHECK_FALSE(job_with(""));
  CHECK_FALSE(job_with("12; true"));
}

TEST_CASE("who knows the end of a job is asked for it, and nobody is when the environment has it", "[slurm]") {
  const FakeCommands fakes;
  fakes.put("squeue",
            R"(echo "$SLURM_TIME_FORMAT $*" >>"$0.asked"; [ "$*" = "--noheader --jobs=12 --format=%e" ] && echo 1795859000)");
  CHECK(end_of("12", 5s).at == since_1970(1'795'859'000));
  const Variable known{"SLURM_JOB_END_TIME", "1795859001"};
  CHECK(end_of("13", 5s).at == since_1970(1'795'859'001));
}

TEST_CASE("where squeue does not know the end of a job, scontrol does, and else it is said why nobody does", "[slurm]") {
  const FakeCommands fakes;
  fakes.put("squeue", "echo 'squeue: error: Unable to contact slurm controller' >&2; exit 1");
  fakes.put("scontrol", "echo 'EndTime=1795859000'");
  CHECK(end_of("12", 5s).at == since_1970(1'795'859'000));
  fakes.put("scontrol", "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1");
  CHECK(why_nobody_knows() ==
        "nobody knows when job 12 of Slurm's ends: squeue: exit status 1: squeue: error: Unable to contact slurm controller; "
        "scontrol: exit status 1: slurm_load_jobs error: Invalid job id specified");
  fakes.put("squeue", "echo 'Slurm is being upgraded <html>'");
  CHECK_THAT(why_nobody_knows(), Contains("squeue: nobody can read what it said: \"Slurm is being upgraded <html>\""));
  fakes.put("squeue", "exec sleep 60");
  const auto begin = std::chrono::steady_clock::now();
  CHECK_THAT(why_nobody_knows(100ms), Contains("squeue did not answer within 0.1 s"));
  CHECK(std::chrono::steady_clock::now() - begin < 5s);
}
