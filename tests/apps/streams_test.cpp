// Every application and tool with a stdout that fails, or without a stderr.
#include "apps/app_run.hpp"

#include <fstream>

#include "support/shell.hpp"
#include "support/temporary.hpp"

using namespace test;

namespace {

/// A short run of each application, and of the tools.
std::vector<std::string> short_runs(const TemporaryFolder& folder) {
  std::ofstream{folder.path("a.fa")} << ">a\nACGTACGTACGTACGTACGTACGTACGTACGTACGGGTTTAAACCCACGT\n";
  std::vector<std::string> commands{"quick_start",
                                    "busy -i serial --tasks 2 --seconds 0",
                                    "dna_curve -i serial --fasta " + folder.path("a.fa"),
                                    "factor -i serial --n 15",
                                    "genetic -i serial --length 4 --population 4 --tasks 2",
                                    "mandelbrot -i serial --width 4 --height 4",
                                    "md5_reverse -i serial --below 10",
                                    "monte_pi -i serial --points 10",
                                    "monte_pi -i serial --points 10 --json",
                                    "monte_pi --help",
                                    "monte_pi --version",
                                    "null_test -i serial --tasks 2",
                                    "prime_range -i serial --k 1 --width 10",
                                    "primes -i serial --n 10",
                                    "string_count -i serial --string A --folder " + folder.path(""),
                                    "word_frequency -i serial --folder " + folder.path(""),
                                    "mw_bench --runs 1 --growth 1000",
                                    "mw_bench --runs 1 --growth 1000 --json",
                                    "mw_bench --help",
                                    "mw --help",
                                    "mw --version"};
  for (const char* form : {"", "--json ", "--statistics ", "--side-by-side "})
    commands.push_back("mw speedup --workers 1 " + std::string{form} + "-- " + beside("monte_pi") + " --points 10");
  for (std::string& command : commands) command = beside(command);
  return commands;
}

std::size_t lines_in(const std::string& text) { return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')); }

}  // namespace

TEST_CASE("a result that cannot be printed is exit status 1 and one line on stderr, in every application and tool",
          "[apps][streams]") {
  const TemporaryFolder folder;
  for (const std::string& command : short_runs(folder)) {
    INFO(command);
    const auto well = test::shell(command);
    CHECK(well.death.exit_status == 0);
    CHECK_FALSE(well.out.empty());
    const auto full = test::shell(command + " > /dev/full");
    INFO(full.err);
    CHECK(full.death.exit_status == 1);
    CHECK(lines_in(full.err) == 1);
    CHECK(full.err.find("stdout could not be written: No space left on device") != std::string::npos);
  }
}

TEST_CASE("a result without a stdout is exit status 1 and one line on stderr", "[apps][streams]") {
  for (const char* command :
       {"monte_pi -i serial --points 10", "monte_pi -i serial --points 10 --json", "mw --help", "quick_start"}) {
    const auto closed = test::shell(beside(command) + " >&-");
    INFO(command << '\n' << closed.err);
    CHECK(closed.death.exit_status == 1);
    CHECK(lines_in(closed.err) == 1);
  }
}

TEST_CASE("without a stderr, or with one that is full, the results are right and the exit status is 0", "[apps][streams]") {
  std::vector<std::string> interfaces{"serial", "multicore:2"};
#ifdef MW_HAVE_MPI
  interfaces.emplace_back("mpi:2");
#endif
#ifdef MW_HAVE_BOINC
  interfaces.emplace_back("'boinc:2?state=temporary&listen=127.0.0.1:0'");
#endif
  const std::string interface = interfaces[static_cast<std::size_t>(GENERATE_COPY(range(0, static_cast<int>(interfaces.size()))))];
  const std::string command = beside("monte_pi") + " --points 1e5 --block 1e4 --progress --json -i " + interface;
  for (const char* without : {"2>&-", "2>/dev/full", "<&- 2>&-"}) {
    const auto run = test::shell(command + " " + without);
    INFO(command << ' ' << without);
    CHECK(result_of(run).at("inside").to_number<int>() == 78'690);
  }
}

TEST_CASE("the tools need no stderr either", "[apps][streams]") {
  const std::string command =
      beside("mw") + " speedup --workers 1,2 --json -- " + beside("monte_pi") + " --progress --points 1e5 --block 1e4 ";
  for (const char* without : {"2>&-", "2>/dev/full"})
    CHECK(json_of(test::shell(command + without)).at("rows").as_array().size() == 2);
}
