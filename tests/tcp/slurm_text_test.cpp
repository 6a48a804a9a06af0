// What is said to Slurm's commands, and what they answer.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "tcp/launch/slurm_text.hpp"

using Catch::Contains;
using namespace mw::tcp::slurm;

TEST_CASE("slurm: sbatch's answer is a number, with a cluster behind it or other words before it", "[tcp][slurm]") {
  CHECK(submitted_array("1234\n") == 1234U);
  CHECK(submitted_array("1234;alpha\n") == 1234U);
  CHECK(submitted_array("sbatch: your project has 3 hours left\n1234\n\n") == 1234U);
  const auto none =
      GENERATE(as<std::string>{}, "", "\n", "0", "x", "12x", "-1", "Submitted batch job 12", ";alpha", "99999999999999999999");
  INFO(none);
  CHECK_FALSE(submitted_array(none));
}

TEST_CASE("slurm: squeue's list is read whole, or not at all", "[tcp][slurm]") {
  const auto jobs = listed_jobs(
      "CLUSTER: alpha\n7_0|RUNNING|node1|None\n 7_1 | PENDING | | Resources \n7_2|FAILED|node2|NonZeroExitCode\n\n"
      "7_3|SOMETHING_NEW|node3|None\n8|PENDING||ReqNodeNotAvail, UnavailableNodes:a|b\n");
  REQUIRE(jobs);
  REQUIRE(jobs->size() == 5);
  CHECK(jobs->at(0).id == "7_0");
  CHECK(jobs->at(0).phase == Phase::running);
  CHECK(jobs->at(0).node == "node1");
  CHECK(jobs->at(0).reason.empty());
  CHECK(jobs->at(1).id == "7_1");
  CHECK(jobs->at(1).phase == Phase::pending);
  CHECK(jobs->at(1).reason == "Resources");
  CHECK(jobs->at(2).phase == Phase::over);
  CHECK(jobs->at(2).state == "FAILED");
  CHECK(jobs->at(3).phase == Phase::running);
  CHECK(jobs->at(4).reason == "ReqNodeNotAvail, UnavailableNodes:a|b");
  REQUIRE(listed_jobs(""));
  CHECK(listed_jobs("")->empty());
  const auto bad = GENERATE(as<std::string>{}, "7_0|RUNNING|node1|None\nslurm is being upgraded\n", "7_0|RUNNING|node1", "7_0",
                            "|||", "7_[1-3]|PENDING||None", "7_0|running|node1|None", "x|RUNNING|node1|None", "7_|RUNNING|n|None");
  INFO(bad);
  CHECK_FALSE(listed_jobs(bad));
}

TEST_CASE("slurm: what a command says is fit for a terminal", "[tcp][slurm]") {
  CHECK(last_line("one\ntwo \n\n") == "two");
  CHECK(last_line("").empty());
  CHECK(last_line("\x1b[31mred").find('\x1b') == std::string::npos);
  CHECK(last_line(std::string(10'000, 'x')).size() < 1'000);
  CHECK(listed_jobs("7_0|RUNNING|\x1b[2J|None")->at(0).node.find('\x1b') == std::string::npos);
  CHECK(says_no_such_job("slurm_load_jobs error: Invalid job id specified\n"));
  CHECK_FALSE(says_no_such_job("slurm_load_jobs error: Socket timed out on send/recv operation"));
}

TEST_CASE("slurm: a node's name says which job it is", "[tcp][slurm]") {
  CHECK(job_of_node(node_of_job("12_3")) == "12_3");
  CHECK(job_of_node("slurm.12") == "12");
  for (const char* const name : {"pi1", "slurm.", "slurm.x", "slurm.12_", "slurm.12_3-2", "slurm.12_3.4", "slurm", ""}) {
    INFO(name);
    CHECK_FALSE(job_of_node(name));
  }
}

TEST_CASE("slurm: options for sbatch are words, of which some are not for choice", "[tcp][slurm]") {
  CHECK(words_of("--partition=short  --time=1:00:00 ") == std::vector<std::string>{"--partition=short", "--time=1:00:00"});
  CHECK(words_of("--comment='two words' --a=\"it's\"x") == std::vector<std::string>{"--comment=two words", "--a=it'sx"});
  CHECK(words_of("''") == std::vector<std::string>{""});
  CHECK(words_of("")->empty());
  CHECK_FALSE(words_of("--comment='two"));
  for (const char* const word : {"--partition=short", "-pshort", "--exclusive", "--cpus-per-task=4", "--name=x"}) {
    INFO(word);
    CHECK(fault_of_option(word).empty());
  }
  for (const char* const word : {"short", "", "-", "--", "--array=0-9", "-a0-9", "--wait", "-W", "--nodes=2", "-N2", "--wrap=ls",
                                 "--job-name=x", "--parsable", "--clusters=a", "script.sh"}) {
    INFO(word);
    CHECK_FALSE(fault_of_option(word).empty());
  }
}

TEST_CASE("slurm: a job's script has the key on stdin, and in no command line", "[tcp][slurm]") {
  const std::string script = text_of({"/opt/it's/mw", "lab:9470", "cppmw-key-1 abc\n", ""});
  CHECK_THAT(script, Contains("mw='/opt/it'\\''s/mw'\n"));
  CHECK_THAT(script, Contains("--connect 'lab:9470' --key - "));
  CHECK_THAT(script, Contains("<<'END'\ncppmw-key-1 abc\nEND\n"));
  CHECK(script.find("abc") > script.find("<<'END'"));
  const std::string by_file = text_of({"", "lab:9470", "cppmw-key-1 abc\n", "/shared/a b.key"});
  CHECK_THAT(by_file, Contains("mw=mw\n"));
  CHECK_THAT(by_file, Contains("--key '/shared/a b.key' "));
  CHECK_THAT(by_file, !Contains("abc"));
}
