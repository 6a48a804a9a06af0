// Applications and the mw command, as a person runs them.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <boost/json.hpp>

#include "apps/app_run.hpp"
#include "process/run_program.hpp"
#include "support/amount.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using mw::process::ProgramRun;

using test::Arguments;
using test::beside;
using test::check_usage_error;
using test::json_of;

namespace {

ProgramRun run(const std::string& program, const Arguments& arguments) { return test::run_app(program, arguments); }

}  // namespace

TEST_CASE("a wrong command line is exit status 2, one clear line on stderr, nothing on stdout", "[apps]") {
  const auto arguments =
      GENERATE(Arguments{"--interface", "nonsense"}, Arguments{"-i", "multicore:x"}, Arguments{"-n", "0"}, Arguments{"-n", "-3"},
               Arguments{"-n", "99999999999999999999"}, Arguments{"-n", "x"}, Arguments{"-n", "1.5"}, Arguments{"-n"},
               Arguments{"--points", "x"}, Arguments{"--points", "-1"}, Arguments{"--points", "0"}, Arguments{"--points", "1e99"},
               Arguments{"--no-such-option"}, Arguments{"stray"}, Arguments{"-i", "serial", "-n", "2"},
               Arguments{"-i", "multicore:2", "-n", "3"}, Arguments{"--block", "0"}, Arguments{"-i", ""}, Arguments{"-n", "65537"},
               Arguments{"--json=maybe"});
  check_usage_error(run("monte_pi", arguments));
}

TEST_CASE("monte_pi counts the same points inside for any number of workers and any interface", "[apps]") {
  const auto inside = [](Arguments arguments) {
    arguments.insert(arguments.end(), {"--points", "2.5e5", "--block", "1e4", "--json"});
    const auto all = json_of(run("monte_pi", arguments));
    CHECK(all.at("result").at("points").to_number<int>() == 250'000);
    CHECK(all.at("tasks").to_number<int>() == 25);
    return all.at("result").at("inside").to_number<int>();
  };
  const int serial = inside({"-i", "serial"});
  CHECK(serial > 195'000);
  CHECK(serial < 198'000);
  CHECK(inside({"-i", "multicore", "-n", "1"}) == serial);
  CHECK(inside({"-i", "multicore", "-n", "7"}) == serial);
  CHECK(inside({"-i", "multicore:3"}) == serial);
#ifdef MW_HAVE_MPI
  CHECK(inside({"-i", "mpi:1"}) == serial);
  CHECK(inside({"-i", "mpi", "-n", "4"}) == serial);
#endif
  CHECK(inside({}) == serial);
}

TEST_CASE("every application runs unchanged on mpi", "[apps][mpi]") {
#ifdef MW_HAVE_MPI
  CHECK(json_of(run("null_test", {"--tasks", "1000", "--json", "-i", "mpi:2"})).at("tasks").to_number<int>() >= 1000);
  const auto all = json_of(run("monte_pi", {"--points", "1e6", "--json", "-i", "mpi:2"}));
  CHECK(all.at("workers").to_number<int>() == 2);
  CHECK(all.at("init_seconds").to_number<double>() > 0.01);
  CHECK(all.at("calculation_seconds").to_number<double>() > 0);
#else
  // The build says how to get it.
  const auto off = run("monte_pi", {"-i", "mpi:2"});
  CHECK(off.death.exit_status == 1);
  CHECK(off.err.find("apt-get install mpich libmpich-dev") != std::string::npos);
#endif
}

TEST_CASE("no speedup without start-up is beyond the number of workers, though tasks begin while workers start", "[apps]") {
  std::vector<std::string> specs{"serial", "multicore:4"};
#ifdef MW_HAVE_MPI
  specs.emplace_back("mpi:4");
#endif
  for (const std::string& spec : specs) {
    INFO(spec);
    const auto all = json_of(run("busy", {"--tasks", "40", "--seconds", "0.01", "--json", "-i", spec}));
    const double busy = all.at("result").at("busy_seconds").to_number<double>();
    CHECK(all.at("calculation_seconds").to_number<double>() * all.at("workers").to_number<double>() >= busy);
    CHECK(all.at("init_seconds").to_number<double>() + all.at("calculation_seconds").to_number<double>() <=
          all.at("total_seconds").to_number<double>());
  }
}

TEST_CASE("with --json, stdout is one object with parameters, interface, workers, result, times, tasks and attempts", "[apps]") {
  const auto all = json_of(run("monte_pi", {"--points", "1e4", "--json", "-n", "2", "--progress"}));
  for (const char* key : {"program", "version", "parameters", "interface", "workers", "result", "init_seconds",
                          "calculation_seconds", "total_seconds", "tasks", "attempts"})
    CHECK(all.contains(key));
  CHECK_FALSE(all.contains("measures"));  // its tasks count nothing
  CHECK(all.at("parameters").at("points").to_number<int>() == 10'000);
  CHECK(all.at("workers").to_number<int>() == 2);
  CHECK(all.at("interface") == "multicore");
  CHECK(all.at("init_seconds").to_number<double>() > 0);
  CHECK(all.at("init_seconds").to_number<double>() <= all.at("total_seconds").to_number<double>());
  CHECK(std::abs(all.at("result").at("pi").to_number<double>() - 3.14) < 0.1);
}

TEST_CASE("P40: stdout has the results, everything else goes to stderr", "[apps][P40]") {
  const auto plain = run("monte_pi", {"--points", "1e4", "--progress"});
  CHECK(plain.death.exit_status == 0);
  CHECK(plain.out.find("pi      3.1") == 0);
  CHECK(std::count(plain.out.begin(), plain.out.end(), '\n') == 3);
  CHECK(plain.err.find("1 tasks in") != std::string::npos);
  const auto talkative = run("talkative_app", {"--json", "-n", "2"});
  CHECK(json_of(talkative).at("result").at("sum").to_number<int>() == 10);
  CHECK(json_of(talkative).at("measures").at(0).at("name") == "talks");
  CHECK(json_of(talkative).at("measures").at(0).at("sum").to_number<int>() == 5);
  const auto serial = run("talkative_app", {"--json", "-i", "serial"});
  CHECK(json_of(serial).at("result").at("sum").to_number<int>() == 10);
}

TEST_CASE("the progress bar is on a terminal only, unless it is asked for", "[apps]") {
  const std::string points = test::amount("1e8", "2e7"), block = test::amount("1e6", "2e5");
  const std::string command = beside("monte_pi") + " --points " + points + " --block " + block + " -n 2 ";
  const auto on_terminal = [&](const std::string& settings, const std::string& more) {
    return mw::process::run_program("script", {"-qec", settings + " " + command + more, "/dev/null"}, {}).out;
  };
  const auto has_bar = [](const std::string& printed) { return printed.find(" of 100 tasks") != std::string::npos; };
  const std::string shown = on_terminal("TERM=xterm NO_COLOR=", "");
  CHECK(has_bar(shown));
  CHECK(shown.find('\x1b') != std::string::npos);
  CHECK_FALSE(has_bar(on_terminal("TERM=xterm", "--no-progress")));
  // A terminal that can do nothing has none unless it is asked for, and then without escape sequences.
  CHECK_FALSE(has_bar(on_terminal("TERM=dumb", "")));
  const std::string dumb = on_terminal("TERM=dumb", "--progress");
  CHECK(has_bar(dumb));
  CHECK(dumb.find('\x1b') == std::string::npos);
  const std::string plain = on_terminal("TERM=xterm NO_COLOR=1", "");
  CHECK(has_bar(plain));
  CHECK(plain.find('\x1b') == std::string::npos);
  CHECK(run("monte_pi", {"--points", points, "--block", block, "-n", "2"}).err.find(" of 100 tasks") == std::string::npos);
  CHECK(run("monte_pi", {"--points", points, "--block", block, "-n", "2", "--progress"}).err.find(" of 100 tasks") !=
        std::string::npos);
}

TEST_CASE("help teaches, and the version is told", "[apps]") {
  const auto help = run("monte_pi", {"--help"});
  CHECK(help.death.exit_status == 0);
  for (const char* text : {"--interface", "--workers", "--points", "--json", "--progress", "--no-progress", "1e9", "Exit status"})
    CHECK(help.out.find(text) != std::string::npos);
  // The help breaks lines where it likes.
  const auto joined = [](std::string text) {
    std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
    return text;
  };
  REQUIRE(mw::interface_forms().size() == mw::interface_names().size());
  for (const std::string& form : mw::interface_forms()) CHECK(joined(help.out).find(joined(form)) != std::string::npos);
  CHECK(run("monte_pi", {"--version"}).out == "0.1.0\n");
}

TEST_CASE("a computation that fails is exit status 1, and says why", "[apps]") {
  const auto failed = run("talkative_app", {"--fail", "-n", "1"});
  CHECK(failed.death.exit_status == 1);
  CHECK(failed.out.empty());
  CHECK(failed.err.find("std::domain_error: no roots here") != std::string::npos);
}

TEST_CASE("the README's program is quick_start, and it runs", "[apps]") {
  const std::string readme = test::file_text(MW_SOURCE_DIR "/README.md");
  const std::string program = test::file_text(MW_SOURCE_DIR "/apps/quick_start.cpp");
  REQUIRE_FALSE(program.empty());
  CHECK(readme.find("```cpp\n" + program + "```\n") != std::string::npos);
  const auto quick = run("quick_start", {});
  CHECK(quick.death.exit_status == 0);
  CHECK(quick.out.find("pi is about 3.14") != std::string::npos);
}

TEST_CASE("null_test gives every payload back", "[apps]") {
  const auto arguments =
      GENERATE(Arguments{"--bytes", "0"}, Arguments{"--bytes", "100"}, Arguments{"--bytes", "2e5", "--tasks", "50"});
  auto all_arguments = arguments;
  all_arguments.insert(all_arguments.end(), {"--json", "-n", "2"});
  const auto all = json_of(run("null_test", all_arguments));
  CHECK(all.at("result").at("right") == all.at("parameters").at("tasks"));
  CHECK(all.at("result").at("tasks_per_second").to_number<double>() > 0);
}

TEST_CASE("mw speedup prints the table, or its JSON", "[apps][speedup]") {
  const auto table = run("mw", {"speedup", "--workers", "2,1", "--runs", "2", "--", beside("monte_pi"), "--points", "1e5"});
  CHECK(table.death.exit_status == 0);
  for (const char* text : {"Workers", "Seconds", "Speedup", "% of maximum", "Least to most", "pi = 3.1", "100.0"})
    CHECK(table.out.find(text) != std::string::npos);
  const auto all = json_of(run("mw", {"speedup", "--workers", "1,2,4", "--json", "--", beside("monte_pi"), "--points", "1e5"}));
  CHECK(all.at("rows").as_array().size() == 3);
  CHECK(all.at("rows").at(0).at("speedup").to_number<double>() == 1);
}

TEST_CASE("mw speedup writes a report, and goes on where it was interrupted", "[apps][speedup]") {
  const test::TemporaryFolder folder;
  const std::string out = folder.path("out");
  const Arguments arguments{"speedup", "--interfaces", "serial,multicore", "--workers", "1",  "--runs", "3", "--warm-up", "--out",
                            out,       "--",           beside("monte_pi"), "--points",  "1e5"};
  REQUIRE(run("mw", arguments).death.exit_status == 0);
  const std::string csv = test::file_text(out + "/speedup.csv");
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 3);
  const std::string report = test::file_text(out + "/report.md");
  for (const char* part : {"### serial", "### multicore", "Standard deviation", "Grubbs", "cores for this program", "\"inside\":"})
    CHECK(report.find(part) != std::string::npos);
  CHECK(test::file_text(out + "/speedup.svg").starts_with("<svg"));
  const std::string runs = test::file_text(out + "/runs.jsonl");
  CHECK(std::count(runs.begin(), runs.end(), '\n') == 6);
  // Interrupted in the fifth run: two are made anew, in the file's old order.
  std::size_t end = 0;
  for (int i = 0; i < 4; ++i) end = runs.find('\n', end) + 1;
  std::filesystem::resize_file(out + "/runs.jsonl", end);
  const auto again = run("mw", arguments);
  CHECK(again.death.exit_status == 0);
  CHECK(again.err.find("4 runs are there already") != std::string::npos);
  const std::string all = test::file_text(out + "/runs.jsonl");
  CHECK(all.starts_with(runs.substr(0, end)));
  CHECK(std::count(all.begin(), all.end(), '\n') == 6);
  Arguments other = arguments;
  other.back() = "2e5";
  CHECK(run("mw", other).err.find("of another command") != std::string::npos);
}

TEST_CASE("mw speedup varies an option of the application, and puts interfaces side by side", "[apps][speedup]") {
  const test::TemporaryFolder folder;
  const auto with = [&](const Arguments& options) {
    Arguments arguments{"speedup",          "--interfaces", "serial,multicore", "--workers", "1", "--runs", "3", "--vary",
                        "--points=1e5,2e5", "--out",        folder.path("out")};
    arguments.insert(arguments.end(), options.begin(), options.end());
    arguments.insert(arguments.end(), {"--", beside("monte_pi"), "--block", "1e4"});
    return run("mw", arguments);
  };
  const auto table = with({"--side-by-side"});
  INFO(table.out << table.err);
  REQUIRE(table.death.exit_status == 0);
  CHECK(table.out.find("points   Workers ") == 0);
  for (const char* part : {"   1e5         1   ", "   2e5         1   ", "serial", "multicore", " ± ", "of 3 runs in turn"})
    CHECK(table.out.find(part) != std::string::npos);
  const auto all = json_of(with({"--json"}));
  CHECK(all.at("rows").as_array().size() == 4);
  CHECK(all.at("rows").at(3).at("points") == "2e5");
  CHECK(all.at("results").at("1e5").at("points").to_number<int>() == 100'000);
  CHECK(all.at("results").at("2e5").at("points").to_number<int>() == 200'000);
  const auto statistics = with({"--statistics"});
  for (const char* part : {"### multicore, points = 2e5", "Speedup without start-up", "Outliers"})
    CHECK(statistics.out.find(part) != std::string::npos);
  CHECK(statistics.err.find("12 runs are there already") != std::string::npos);
  for (const char* wrong : {"points", "=1", "--=1", "points=", "points=1,,2", "points=1,", "points=1,2,1"})
    check_usage_error(run("mw", {"speedup", "--vary", wrong, "--", "x"}));
  std::ofstream{folder.path("out") + "/runs.jsonl"} << "{\"a\": 1}\n";
  CHECK(with({}).err.find("something else than runs, in line 1") != std::string::npos);
}

TEST_CASE("mw speedup refuses what is no run, and runs that differ", "[apps][speedup]") {
  CHECK(run("mw", {"speedup", "--workers", "1", "--", "/no/such/program"}).death.exit_status == 1);
  CHECK(run("mw", {"speedup", "--workers", "1", "--", "/bin/false"}).death.exit_status == 1);
  CHECK(run("mw", {"speedup", "--workers", "1", "--", "/bin/echo", "hello"}).err.find("no JSON") != std::string::npos);
  const auto differs =
      run("mw", {"speedup", "--workers", "1,2", "--", "sh", "-c",
                 R"(echo "{\"total_seconds\": 1, \"init_seconds\": 0, \"calculation_seconds\": 1, \"result\": $1}")"});
  INFO(differs.err);
  CHECK(differs.death.exit_status == 1);
  CHECK(differs.err.find("the result is 2, before it was 1") != std::string::npos);
  CHECK(differs.err.find("--results-may-differ") != std::string::npos);
  check_usage_error(run("mw", {}));
  check_usage_error(run("mw", {"speedup"}));
  check_usage_error(run("mw", {"speedup", "--workers", "0", "--", "x"}));
  check_usage_error(run("mw", {"nonsense"}));
}

TEST_CASE("mw speedup takes interfaces with commas, and counts with the cores that the workers' hosts have", "[apps][speedup]") {
  const std::string cluster =
      R"(echo "{\"total_seconds\": 1, \"init_seconds\": 0, \"calculation_seconds\": 1, \"cores\": 97, \"result\": \"$1\"}")";
  const auto on_hosts =
      run("mw", {"speedup", "--interfaces", "mpi:?hosts=a,b,c", "--workers", "1,12", "--json", "--", "sh", "-c", cluster});
  INFO(on_hosts.out << on_hosts.err);
  const auto all = json_of(on_hosts);
  CHECK(all.at("cores") == 97);
  CHECK(all.at("result") == "mpi:?hosts=a,b,c");
  const auto text = run("mw", {"speedup", "--interfaces", "mpi:?hosts=a,b,c", "--workers", "1,12", "--", "sh", "-c", cluster});
  CHECK(text.out.find("the workers' hosts give 97 cores") != std::string::npos);
}

TEST_CASE("mw speedup takes a program whose result depends on the number of workers, if it is told so", "[apps][speedup]") {
  const test::TemporaryFolder folder;
  const auto with = [&](const Arguments& options) {
    Arguments arguments{"speedup", "--results-may-differ", "--workers", "1,2,4", "--runs", "2", "--out", folder.path("out")};
    arguments.insert(arguments.end(), options.begin(), options.end());
    arguments.insert(arguments.end(), {"--", "sh", "-c",
                                       R"(echo "{\"total_seconds\": 1, \"init_seconds\": 0, \"calculation_seconds\": 1, )"
                                       R"(\"result\": {\"found\": $(($1 / 2))}}")"});
    return run("mw", arguments);
  };
  const auto table = with({});
  INFO(table.out << table.err);
  REQUIRE(table.death.exit_status == 0);
  CHECK(table.out.starts_with("Results differed between the runs (--results-may-differ): 3 different ones, the first is shown.\n"));
  CHECK(test::file_text(folder.path("out") + "/report.md").find("3 different ones") != std::string::npos);
  const auto all = json_of(with({"--json"}));
  CHECK(all.at("different_results") == 3);
  CHECK(all.at("result").at("found") == 0);
  CHECK(json_of(run("mw", {"speedup", "--workers", "1", "--json", "--", beside("monte_pi"), "--points", "10"}))
            .at("different_results") == 1);
}

TEST_CASE("mw speedup goes on behind a line that was not written to its end, and leaves others' files alone", "[apps][speedup]") {
  const test::TemporaryFolder folder;
  const std::string runs = folder.path("runs.jsonl");
  const Arguments arguments{"speedup", "--workers",        "1",        "--runs", "2", "--out", folder.path(""),
                            "--",      beside("monte_pi"), "--points", "10"};
  REQUIRE(run("mw", arguments).death.exit_status == 0);
  const std::string whole = test::file_text(runs);
  std::filesystem::resize_file(runs, whole.size() - 5);
  const auto again = run("mw", arguments);
  CHECK(again.err.find("1 runs are there already") != std::string::npos);
  CHECK(run("mw", arguments).err.find("2 runs are there already") != std::string::npos);
  std::ofstream{runs} << "my own notes\n";
  CHECK(run("mw", arguments).death.exit_status == 1);
  CHECK(test::file_text(runs) == "my own notes\n");
}

TEST_CASE("what --json prints is valid whatever bytes a path has", "[apps]") {
  const test::TemporaryFolder folder;
  const std::string place = folder.path("caf\xe9");
  std::filesystem::create_directory(place);
  std::ofstream{place + "/text"} << "A word\n";
  const auto all = json_of(run("word_frequency", {"-i", "serial", "--json", "--folder", place}));
  CHECK(std::string{all.at("parameters").at("folder").as_string()}.ends_with("caf\uFFFD"));
  CHECK(all.at("result").at("words") == 2);
  const auto speedup = run("mw", {"speedup", "--workers", "1", "--json", "--out", folder.path("out"), "--",
                                  beside("word_frequency"), "--folder", place});
  CHECK(json_of(speedup).at("result").at("words") == 2);
  CHECK(test::file_text(folder.path("out") + "/runs.jsonl").find("caf\uFFFD") != std::string::npos);
  std::ofstream{folder.path("caf\xe9.fa")} << ">a\nACGTACGTACGTACGTACGTACGTACGTACGT\n";
  REQUIRE(run("dna_curve", {"-i", "serial", "--fasta", folder.path("caf\xe9.fa"), "--output", folder.path("a.svg")})
              .death.exit_status == 0);
  CHECK(test::file_text(folder.path("a.svg")).find("caf\uFFFD.fa") != std::string::npos);
}

TEST_CASE("a command line with a mistake in it is quoted as it was typed, and told what was probably meant", "[apps]") {
  const auto error_of = [](const std::string& program, const Arguments& arguments) {
    const auto failed = run(program, arguments);
    check_usage_error(failed);
    return failed.err;
  };
  CHECK(error_of("monte_pi", {"--point", "5"}) ==
        "monte_pi: there is no option --point: did you mean --points? (see monte_pi --help)\n");
  CHECK(error_of("monte_pi", {"--pionts=5"}).find("no option --pionts: did you mean --points?") != std::string::npos);
  CHECK(error_of("monte_pi", {"--nonsense", "5"}) == "monte_pi: there is no option --nonsense (see monte_pi --help)\n");
  CHECK(error_of("monte_pi", {"two", "words"}).find("two words were not expected") != std::string::npos);
  CHECK(error_of("mw", {"foo"}).find("there is no subcommand \"foo\"; there are speedup, volunteer, boinc-setup") !=
        std::string::npos);
  CHECK(error_of("mw", {"sped", "--", "x"}).find("there is no subcommand \"sped\"") != std::string::npos);
  CHECK(error_of("mw", {"speedpu"}).find("did you mean speedup?") != std::string::npos);
  CHECK(error_of("mw", {}).find("speedup, volunteer, boinc-setup") != std::string::npos);
  CHECK(error_of("mw", {"--nonsense"}).find("no option --nonsense") != std::string::npos);
  CHECK(error_of("mw", {"speedup", "--worker", "2", "--", "x"}).find("did you mean --workers?") != std::string::npos);
  for (const char* spec : {"serial:1", "multicore:x", "multicore?x", "mpi:0", "mpi?x=1"})
    CHECK(error_of("monte_pi", {"-i", spec}).find('"' + std::string{spec} + '"') != std::string::npos);
#ifdef MW_HAVE_BOINC
  for (const char* spec : {"boinc:0", "boinc:?x=1", "boinc:project=/x&y=1", "boinc:?project=/x&y=1"})
    CHECK(error_of("monte_pi", {"-i", spec}).find('"' + std::string{spec} + '"') != std::string::npos);
#endif
}

TEST_CASE("numbers that no machine can have are errors of the command line, not of the computation", "[apps]") {
  const std::string most = "18446744073709551615";
  for (const Arguments& arguments : std::vector<Arguments>{{"null_test", "--bytes", "1e12"},
                                                           {"null_test", "--tasks", most},
                                                           {"busy", "--tasks", most},
                                                           {"monte_pi", "--points", most, "--block", "1"},
                                                           {"primes", "--tasks-per-worker", "9223372036854775808"},
                                                           {"dna_curve", "--chunk", most},
                                                           {"mandelbrot", "--list", most},
                                                           {"mandelbrot", "--tile", most},
                                                           {"md5_reverse", "--below", most, "--tasks", most},
                                                           {"genetic", "--length", most},
                                                           {"prime_range", "--width", most}}) {
    INFO(arguments[0] << ' ' << arguments[1]);
    check_usage_error(run(arguments[0], {arguments.begin() + 1, arguments.end()}));
  }
}

TEST_CASE("a picture that cannot be written is an error that names it, and nothing is removed that was there", "[apps]") {
  const test::TemporaryFolder folder;
  const Arguments small{"-i", "serial", "--width", "8", "--height", "8", "--output"};
  const auto draw = [&](const std::string& output) {
    Arguments arguments = small;
    arguments.push_back(output);
    return run("mandelbrot", arguments);
  };
  check_usage_error(draw(folder.path("no/such/folder.png")));
  check_usage_error(draw(folder.path("")));
  // A device of our own, so that nobody loses his /dev/full.
  const std::string full = folder.path("full");
  std::filesystem::create_symlink("/dev/full", full);
  for (const char* app : {"mandelbrot", "dna_curve"}) {
    std::ofstream{folder.path("a.fa")} << ">a\nACGTACGTACGTACGTACGTACGTACGTACGT\n";
    const auto failed = app == std::string{"mandelbrot"}
                            ? draw(full)
                            : run(app, {"-i", "serial", "--fasta", folder.path("a.fa"), "--output", full});
    INFO(failed.err);
    CHECK(failed.death.exit_status == 1);
    CHECK(failed.out.empty());
    CHECK(failed.err.find("the file " + full + " cannot be written: No space left on device") != std::string::npos);
  }
  CHECK(std::filesystem::is_symlink(full));
  CHECK(std::filesystem::is_character_file("/dev/full"));
  CHECK(draw(folder.path("set.png")).death.exit_status == 0);
  CHECK(test::file_text(folder.path("set.png")).substr(1, 3) == "PNG");
}

TEST_CASE("where there is no room for a picture, the one that was there stays, and nothing else is left", "[apps]") {
  const test::TemporaryFolder folder;
  const std::string picture = folder.path("set.png"), link = folder.path("link.png");
  const auto draw = [&](const std::string& limit, const std::string& output) {
    return mw::process::run_program(
        "/bin/sh", {"-c", limit + beside("mandelbrot") + " -i serial --width 300 --height 300 --output " + output}, {});
  };
  const std::string one_block = "trap '' XFSZ; ulimit -f 1; ";  // a longer file is an error, as on a full disk
  CHECK(draw(one_block, picture).death.exit_status == 1);
  CHECK(std::filesystem::is_empty(folder.path("")));
  REQUIRE(draw("", picture).death.exit_status == 0);
  const std::string before = test::file_text(picture);
  REQUIRE(before.size() > 1'024);
  std::filesystem::create_symlink("set.png", link);
  std::filesystem::permissions(picture, std::filesystem::perms{0640});
  for (const std::string& output : {picture, link}) {
    const auto failed = draw(one_block, output);
    INFO(failed.err);
    CHECK(failed.death.exit_status == 1);
    CHECK_THAT(failed.err, Catch::Contains("the file " + output + " cannot be written: File too large"));
    CHECK(test::file_text(picture) == before);
  }
  std::ofstream{picture} << "old";
  CHECK(draw("", link).death.exit_status == 0);
  CHECK(test::file_text(picture) == before);
  CHECK(std::filesystem::is_symlink(link));
  CHECK(std::filesystem::status(picture).permissions() == std::filesystem::perms{0640});
  CHECK(std::distance(std::filesystem::directory_iterator{folder.path("")}, {}) == 2);
}

TEST_CASE("mw_bench measures each peer and gives the ratios", "[apps][bench]") {
  const auto all = json_of(run("mw_bench", {"--runs", "2", "--only", "W4,W6", "--json"}));
  CHECK(all.at("runs") == 2);
  for (const char* workload : {"W4", "W6"}) {
    const auto& entry = all.at("workloads").at(workload);
    for (const char* peer : {"multicore", "sock", "pool"}) {
      INFO(workload << " on " << peer);
      CHECK(entry.at(peer).at("values").as_array().size() == 2);
      CHECK(entry.at(peer).at("median").to_number<double>() > 0);
    }
    CHECK(entry.at("sock").at("ratio").to_number<double>() > 0);
  }
#ifdef MW_HAVE_MPI
  const auto table = run("mw_bench", {"--runs", "1", "--only", "W6", "--peers", "mpi,sock,multicore"});
  CHECK(table.out.find("CppMW mpi") != std::string::npos);
#else
  const auto table = run("mw_bench", {"--runs", "1", "--only", "W6", "--peers", "multicore,sock"});
#endif
  CHECK(table.out.find("| W6: one no-op task") != std::string::npos);
  CHECK(run("mw_bench", {"--growth", "1000", "--runs", "1"}).out.find("| 1000 |") != std::string::npos);
  check_usage_error(run("mw_bench", {"--only", "W99"}));
  check_usage_error(run("mw_bench", {"--peers", "nobody"}));
  check_usage_error(run("mw_bench", {"--runs", "0"}));
  check_usage_error(run("mw_bench", {"measure", "W1p", "nobody", "2", "10"}));
}
