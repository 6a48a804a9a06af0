// Applications that are stopped, by real signals, and as their time is over.
#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "contract/functions.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"
#include "support/temporary.hpp"

using Catch::Contains;
using Catch::EndsWith;
using namespace contract;
using namespace std::chrono_literals;

namespace {

/// stopped_app in a process group of its own, as a shell with a terminal has it, and what it leaves.
class StoppedRun {
 public:
  /// `before` is what a shell does first, `redirections` come behind the command.
  explicit StoppedRun(std::vector<std::string> arguments, const std::string& before = "",
                      const std::string& redirections = "2>err >out")
      : tag_{"CPPMW_TEST_TAG=" + std::to_string(::getpid()) + "-" + std::to_string(++runs_)} {
    arguments.insert(arguments.begin(), {"-c", "cd \"$0\" && " + before + " exec \"$@\" " + redirections, folder_.path("."),
                                         test::beside("stopped_app"), "--folder", folder_.path(".")});
    program_.emplace("/bin/sh", arguments, tag_, true);
  }

  bool has(const std::string& name) const { return std::filesystem::exists(folder_.path(name)); }
  bool gets(const std::string& name) const {
    return test::eventually([&] { return has(name); }, 60s);
  }
  bool says(const std::string& text) const {
    return test::eventually([&] { return err().find(text) != std::string::npos; }, 20s);
  }
  std::string err() const { return test::file_text(folder_.path("err")); }
  std::string out() const { return test::file_text(folder_.path("out")); }
  void put(const std::string& name) const { std::ofstream{folder_.path(name)} << "x"; }
  std::set<std::string> numbers(const std::string& prefix) const {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator{folder_.path(".")})
      if (const std::string name = entry.path().filename(); name.starts_with(prefix)) found.insert(name.substr(prefix.size()));
    return found;
  }
  bool some_have_begun() const {
    return test::eventually([&] { return !numbers("began").empty(); }, 60s);
  }

  /// As from the terminal, to all of the group.
  void interrupt(int signal = SIGINT) { ::kill(-program_->pid(), signal); }
  /// The exit status, as a shell has it, and whether a signal has ended it.
  std::pair<int, bool> end() {
    const int status = program_->wait();
    return WIFSIGNALED(status) ? std::pair{128 + WTERMSIG(status), true} : std::pair{WEXITSTATUS(status), false};
  }
  bool leaves_nothing() const {
    return test::eventually([&] { return test::processes_with(tag_).empty(); });
  }

 private:
  static inline int runs_ = 0;
  const test::TemporaryFolder folder_;
  const std::string tag_;
  std::optional<test::Program> program_;
};

std::string last_line(const std::string& text) {
  const auto end = text.find_last_not_of('\n');
  return end == text.npos ? "" : text.substr(text.rfind('\n', end) + 1, end - text.rfind('\n', end));
}

std::string spec_of(const std::string& name) {
  if (name == "serial") return name;
  if (name == "boinc") return "boinc:2?state=temporary&listen=127.0.0.1:0&poll_s=0.02&tasks_per_workunit=1";
  return name + ":2";
}

const std::pair<int, bool> by_itself_130{130, false};
using Clock = std::chrono::steady_clock;

}  // namespace

TEST_CASE("Ctrl-C once: what runs finishes, nothing else begins, the last line says what is done, and the status is 130",
          "[faults][stop]") {
  auto list = names();
  list.emplace_back("multicore:1+tcp");
  const auto name = GENERATE_COPY(from_range(list));
  INFO(name);
  StoppedRun run{{"-i", name.find('+') == name.npos ? spec_of(name) : name + ":1", "--ms", "0", "--grace", "60s"}};
  REQUIRE(run.gets("submitted"));
  REQUIRE(run.some_have_begun());
  run.interrupt();
  CHECK(run.says("; Ctrl-C again stops now\n"));
  run.put("go");
  CHECK(run.end() == by_itself_130);
  INFO(run.err());
  CHECK(run.out().empty());
  CHECK(run.numbers("began") == run.numbers("ended"));
  const auto done = run.numbers("ended").size();
  CHECK(done < 40);
  CHECK(last_line(run.err()) ==
        "stopped_app: stopped by Ctrl-C: " + std::to_string(done) + " of 40 tasks " + (done == 1 ? "is" : "are") + " done");
  CHECK_THAT(run.err(), !Contains("cancelled"));
  CHECK_THAT(run.err(), Contains(" (60 s at most); Ctrl-C again stops now\n"));
  CHECK(run.leaves_nothing());
}

TEST_CASE("P33: Ctrl-C twice: all end now, and nothing is left", "[faults][stop][P33]") {
  const auto name = GENERATE(from_range(names()));
  INFO(name);
  StoppedRun run{{"-i", spec_of(name), "--ms", "0", "--grace", "60s"}};
  REQUIRE(run.gets("submitted"));
  REQUIRE(run.some_have_begun());
  run.interrupt();
  CHECK(run.says("; Ctrl-C again stops now\n"));
  std::this_thread::sleep_for(120ms);  // it is another one
  const auto begin = Clock::now();
  run.interrupt();
  CHECK(run.end() == std::pair{130, true});
  CHECK(Clock::now() - begin < 5s);
  CHECK(last_line(run.err()) == "stopped_app: stopped by Ctrl-C: 0 of 40 tasks are done");
  CHECK(run.leaves_nothing());
  CHECK(run.numbers("ended").empty());
}

TEST_CASE("SIGTERM and SIGHUP stop an application as Ctrl-C does, with statuses of their own, and without a stderr, too",
          "[faults][stop]") {
  const auto [signal, name] = GENERATE(table<int, std::string>({{SIGTERM, "SIGTERM"}, {SIGHUP, "SIGHUP"}}));
  const std::string redirections = GENERATE("2>err >out", "2>&- >out");
  INFO(name << ' ' << redirections);
  StoppedRun run{{"-i", "multicore:2"}, "", redirections};
  REQUIRE(run.some_have_begun());
  run.interrupt(signal);
  CHECK(run.end() == std::pair{128 + signal, false});
  CHECK(run.numbers("began") == run.numbers("ended"));
  if (redirections == "2>err >out") CHECK_THAT(last_line(run.err()), Contains("stopped by " + name));
  CHECK(run.leaves_nothing());
}

TEST_CASE("a task that does not end is waited for no longer than the grace", "[faults][stop]") {
  const auto name = GENERATE(from_range(names()));
  if (name == "serial") return;
  INFO(name);
  StoppedRun run{{"-i", spec_of(name), "--ms", "0", "--grace", "200ms"}};
  REQUIRE(run.some_have_begun());
  const auto begin = Clock::now();
  run.interrupt();
  CHECK(run.end() == by_itself_130);
  CHECK(Clock::now() - begin < 10s);
  CHECK(last_line(run.err()) == "stopped_app: stopped by Ctrl-C: 0 of 40 tasks are done");
  CHECK(run.leaves_nothing());
}

TEST_CASE("a function in the program's own process that does not end is ended with the process", "[.][slow][stop]") {
  StoppedRun run{{"-i", "serial", "--ms", "0", "--grace", "200ms"}};
  REQUIRE(run.some_have_begun());
  run.interrupt();
  CHECK(run.end() == std::pair{130, true});
}

TEST_CASE("a program whose main() waits for nothing is ended when its tasks are done and it has had its time", "[faults][stop]") {
  StoppedRun run{{"-i", "multicore:2", "--main", "computes", "--grace", "300ms"}};
  REQUIRE(run.some_have_begun());
  run.interrupt();
  CHECK(run.end() == std::pair{130, true});
  CHECK(run.numbers("began") == run.numbers("ended"));
  CHECK_THAT(last_line(run.err()), Contains("stopped by Ctrl-C: "));
  CHECK(run.leaves_nothing());
}

TEST_CASE("a program that looks whether it is to stop comes to an end by itself", "[faults][stop]") {
  StoppedRun run{{"-i", "multicore:2", "--main", "looks"}};
  REQUIRE(run.some_have_begun());
  run.interrupt();
  CHECK(run.end() == by_itself_130);
}

TEST_CASE("Ctrl-C while workers start ends a program at once", "[faults][stop]") {
  StoppedRun run{{"-i", "multicore:2"}, "CPPMW_TEST_LATE_WORKERS=1 export CPPMW_TEST_LATE_WORKERS;"};
  REQUIRE(run.gets("submitted"));
  const auto begin = Clock::now();
  run.interrupt();
  CHECK(run.end() == by_itself_130);
  CHECK(Clock::now() - begin < 9s);
  CHECK(last_line(run.err()) == "stopped_app: stopped by Ctrl-C: 0 of 40 tasks are done");
  CHECK(run.leaves_nothing());
}

TEST_CASE("Ctrl-C when all is done leaves the results as they are", "[faults][stop]") {
  StoppedRun run{{"-i", "multicore:2", "--ms", "1", "--main", "is_done"}};
  REQUIRE(run.gets("done"));
  run.interrupt();
  CHECK(run.end() == std::pair{0, false});
  CHECK(run.out() == "sum  780\n");
  CHECK_THAT(run.err(), !Contains("stop"));
}

TEST_CASE("an application stops in good order after a time", "[faults][stop]") {
  StoppedRun run{{"-i", "multicore:2", "--stop-after", "300ms", "--grace", "5s"}};
  CHECK(run.end() == std::pair{143, false});
  CHECK_THAT(last_line(run.err()), Contains("stopped_app: stopped after 0.3 s: "));
  CHECK(run.numbers("began") == run.numbers("ended"));
}

namespace {

/// A shell's words that put this in the place of squeue, for a job of this number.
std::string in_job(const std::string& squeue) {
  return "mkdir bin; printf '%s\\n' '#!/bin/sh' '" + squeue +
         "' >bin/squeue; printf '%s\\n' '#!/bin/sh' 'exit 1' >bin/scontrol; chmod 755 bin/*; unset SLURM_JOB_END_TIME; "
         "SLURM_JOB_ID=12 PATH=$PWD/bin:$PATH; export SLURM_JOB_ID PATH;";
}

}  // namespace

TEST_CASE("an application stops before its job's time limit, and lives with late, wrong and no answers of Slurm's",
          "[faults][stop]") {
  const auto run_in = [](const std::string& squeue, std::vector<std::string> more = {}) {
    more.insert(more.end(), {"-i", "multicore:2", "--stop-before", "1500ms"});
    return StoppedRun{more, in_job(squeue)};
  };
  SECTION("it answers") {
    StoppedRun run = run_in("echo $(($(date +%s) + 2))");
    CHECK(run.end() == std::pair{143, false});
    CHECK_THAT(last_line(run.err()), Contains("stopped_app: stopped 1.5 s before the time limit of job 12: "));
    CHECK(run.numbers("began") == run.numbers("ended"));
  }
  SECTION("the environment has the answer") {
    StoppedRun run{{"-i", "multicore:2", "--stop-before", "30s"},
                   in_job("exit 1") + "export SLURM_JOB_END_TIME=$(($(date +%s) + 20));"};
    CHECK(run.end() == std::pair{143, false});
  }
  SECTION("it says what cannot be") {
    StoppedRun run = run_in("echo 1000000000");
    CHECK(run.end() == std::pair{143, false});
  }
  SECTION("it errs, and answers when it is asked again") {
    StoppedRun run = run_in("[ -e asked ] || { echo x >asked; echo no >&2; exit 1; }; echo $(($(date +%s) + 2))");
    CHECK(run.end() == std::pair{143, false});
    CHECK_THAT(run.err(), Contains("stopped_app: --stop-before: nobody knows when job 12 of Slurm") &&
                              Contains("squeue: exit status 1: no; scontrol: exit status 1: ; it is asked again\n"));
  }
  SECTION("it knows no limit") {
    StoppedRun run = run_in("echo N/A", {"--ms", "1"});
    CHECK(run.end() == std::pair{0, false});
  }
  SECTION("it hangs") {
    StoppedRun run = run_in("exec sleep 60", {"--ms", "1"});
    CHECK(run.end() == std::pair{0, false});
    CHECK(run.leaves_nothing());
  }
}

TEST_CASE("what makes no sense about a stop is a wrong command line", "[faults][stop]") {
  const auto [word, said] = GENERATE(
      table<std::string, std::string>({{"--stop-before=5min", "--stop-before: this is no job of Slurm's (SLURM_JOB_ID is not set)"},
                                       {"--stop-after=soon", "--stop-after: \"soon\" is no time: write 90s, 15min, 2h"},
                                       {"--grace=-1", "--grace: \"-1\" is no time"}}));
  StoppedRun run{{"-i", "multicore:2", word}, "unset SLURM_JOB_ID;"};
  CHECK(run.end() == std::pair{2, false});
  CHECK_THAT(run.err(), Contains(said));
}
