#include "run/run_command.hpp"

#include <unistd.h>

#include <algorithm>
#include <functional>

#include <fmt/format.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <mw/error.hpp>

#include "process/cores.hpp"
#include "process/standard_streams.hpp"
#include "run/job_count.hpp"

namespace mw::run {
namespace {

bool is_mark(const std::string& word) { return word == ":::" || word == ":::+" || word == "::::" || word == "::::+"; }

/// Takes the inputs off the words; the command is left.
std::vector<InputPlan::Origin> take_inputs(std::vector<std::string>& words) {
  std::vector<InputPlan::Origin> origins;
  const auto first = std::find_if(words.begin(), words.end(), is_mark);
  for (auto word = first; word != words.end();) {
    const std::string mark = *word++;
    InputPlan::Origin origin{mark.starts_with("::::"), mark.ends_with('+'), {}};
    for (; word != words.end() && !is_mark(*word); ++word) {
      if (origin.is_file && !origin.values.empty()) {
        origins.push_back(origin);
        origin.values.clear();
        origin.is_linked = mark.ends_with('+');
      }
      origin.values.push_back(*word);
    }
    if (origin.is_file && origin.values.empty()) throw UsageError{fmt::format("{} has no file behind it", mark)};
    origins.push_back(std::move(origin));
  }
  words.erase(first, words.end());
  return origins;
}

void check(const RunCommand& command) {
  const RunPlan& plan = command.plan;
  if ((plan.resume || plan.resume_failed) && plan.joblog.empty())
    throw UsageError{"--resume and --resume-failed go on where a --joblog ends: name it"};
  if (plan.is_pipe && !plan.inputs.origins.empty()) throw UsageError{"--pipe cuts stdin: there are no other inputs"};
  if (plan.line_buffer && (plan.keep_order || !plan.results.empty()))
    throw UsageError{"--line-buffer prints lines as they come: neither in the order of the inputs (-k) nor into files (--results)"};
  if (plan.line_buffer && !plan.journal.empty())
    throw UsageError{
        "--journal keeps what a job has written when it ends, and --line-buffer has printed it by then: leave one of the two out"};
  if (plan.is_pipe && plan.command.empty()) throw UsageError{"--pipe needs a command that reads what it is given"};
}

}  // namespace

void add_run(CLI::App& cli, RunCommand& command) {
  RunPlan& plan = command.plan;
  auto* run = cli.add_subcommand("run", "Runs a command for each input, on every core, a cluster, …");
  run->prefix_command();
  const auto in = [run](const char* group) { return [run, group](CLI::Option* option) { option->group(group); }; };
  const auto where = in("Where"), inputs = in("Inputs"), order = in("What comes out"), ends = in("When a job fails, or takes long"),
             around = in("What a job finds");
  where(run->add_option("-i,--interface", plan.interface,
                        "where jobs run: multicore, mpi:?hosts=pi1:4,pi2:4, multicore+tcp:listen=…&key=…, …; default: every core")
            ->type_name("SPEC"));
  where(run->add_option("-n,-j,--jobs", command.jobs, "how many jobs run at a time: 4, or 50% of the cores, or +1, -1 of them")
            ->type_name("N"));
  where(run->add_option("--load", plan.load, "start no job while the load of this machine is above this")
            ->check(CLI::PositiveNumber)
            ->type_name("LOAD"));
  where(run->add_option("--delay", plan.delay, "seconds between the starts of jobs")
            ->check(CLI::NonNegativeNumber)
            ->type_name("SECONDS"));
  where(run->add_option("--nice", plan.nice, "how much jobs stand back for others, -20 to 19")
            ->check(CLI::Range(-20, 19))
            ->type_name("N"));
  inputs(run->add_option("-a,--arg-file", command.argument_files,
                         "a file with an input in each line; several are combined, each with each")
             ->allow_extra_args(false)
             ->type_name("FILE"));
  inputs(run->add_flag("-0,--null", command.null, "inputs in files end with a zero byte, not with a line"));
  inputs(run->add_option("-C,--colsep", plan.inputs.column_separator,
                         "what is between the columns of an input, which are {1}, {2}, …: a regular expression")
             ->type_name("REGEX"));
  inputs(run->add_option("-N,--max-replace-args", plan.inputs.values_per_job, "so many inputs for each job: {1}, {2}, …")
             ->check(CLI::PositiveNumber)
             ->type_name("N"));
  inputs(run->add_flag("--link", plan.inputs.link, "several lists of inputs go side by side, not each with each"));
  inputs(run->add_flag("--shuf", plan.inputs.shuffle, "inputs in random order"));
  inputs(run->add_flag("--pipe", plan.is_pipe, "stdin is cut into blocks at lines' ends; a job has one as its stdin"));
  inputs(run->add_option("--block", plan.block, "about how large such a block is: 1M, 64k, …")
             ->transform(CLI::AsSizeValue(false))
             ->check(CLI::PositiveNumber)
             ->type_name("SIZE"));
  order(run->add_flag("-k,--keep-order", plan.keep_order, "print in the order of the inputs; else as jobs end"));
  order(run->add_flag("--lb,--line-buffer", plan.line_buffer, "print lines as jobs write them, not all of a job at its end"));
  order(run->add_flag("--tag", plan.tag, "begin each line with the job's inputs"));
  order(run->add_option("--results", plan.results, "put what job N writes into FOLDER/N/stdout and stderr")->type_name("FOLDER"));
  order(run->add_option("--joblog", plan.joblog, "a line for each job: when, how long, how it ended")->type_name("FILE"));
  order(run->add_flag("--resume", plan.resume, "do not run what is in the joblog"));
  order(run->add_flag("--resume-failed", plan.resume_failed, "the same, but run again what failed"));
  order(run->add_option("--journal", plan.journal,
                        "keep what good jobs write in a file: run again, they need not run again, and print the same")
            ->type_name("FILE"));
  order(run->add_option("--trace", plan.watch.trace, "a file of what jobs did, and when, on which worker: for ui.perfetto.dev")
            ->type_name("FILE"));
  // What follows it is the command: the address comes behind a "=".
  order(run->add_flag("--dashboard{127.0.0.1:0}", plan.watch.dashboard,
                      "watch it in a browser; --dashboard=ADDR:PORT for another address than a free port of this machine"));
  order(run->add_option("--report", plan.watch.report, "a file that what the dashboard showed is kept in at the end")
            ->type_name("FILE.html"));
  order(run->add_flag("--dry-run", plan.dry_run, "print the commands, and run none"));
  order(run->add_flag("--progress,--bar,--eta", plan.shows_progress,
                      "show how far it is; the default where stderr is a terminal and stdout none"));
  order(run->add_flag("--no-progress", plan.never_shows_progress, "do not"));
  ends(run->add_option("--retries", command.retries, "run a job up to so many times")
           ->check(CLI::Range(1, 1'000'000))
           ->type_name("N"));
  ends(run->add_option("--timeout", plan.timeout, "end a job after so many seconds, or so many percent of the median: 30, 200%")
           ->type_name("TIME"));
  ends(run->add_option("--halt", plan.halt, "when to stop: now,fail=1 (and end what runs), soon,fail=10%, soon,success=1, …")
           ->type_name("WHEN,WHAT=N"));
  const auto time = [&](const char* flag, const char* help, const std::function<void(Timeout)>& take) {
    const auto read = [flag, take](const std::string& text) {
      try {
        take(app::parse_time(text));
      } catch (const UsageError& e) {
        throw CLI::ValidationError{flag, e.what()};
      }
    };
    return run->add_option_function<std::string>(flag, read, help)->type_name("TIME")->group("When it ends before its inputs do");
  };
  time("--grace", "how long jobs that run may take to end after Ctrl-C or SIGTERM: 90s, 15min, 2h; default: as long as they like",
       [&plan](Timeout given) { plan.stop.grace = given; });
  CLI::Option* const before = time("--stop-before", "in a job of Slurm's: begin no more jobs so long before its time limit",
                                   [&plan](Timeout given) { plan.stop.stop_before = given; });
  time("--stop-after", "begin no more jobs after so long", [&plan](Timeout given) {
    plan.stop.stop_after = given;
  })->excludes(before);
  around(run->add_flag("--shell", plan.for_shell, "the command is a line for a shell; inputs are quoted in it"));
  around(run->add_option("--workdir,--wd", plan.folder, "where jobs work; default: here")->type_name("FOLDER"));
  around(run->add_option("--env", plan.environment, "a variable for jobs, also on other hosts")
             ->allow_extra_args(false)
             ->type_name("NAME[=VALUE]"));
  around(run->add_option("--input", plan.files, "a file that a job reads: it works in a new folder that has it, on whatever host")
             ->allow_extra_args(false)
             ->type_name("FILE"));
  around(run->add_option("--output", plan.outputs, "a file that it leaves there, and that is to come back here")
             ->allow_extra_args(false)
             ->type_name("FILE"));
  around(run->add_option("--memory", plan.memory, "how much memory a job may have: 500M, 2G, …")
             ->transform(CLI::AsSizeValue(false))
             ->type_name("SIZE"));
  around(run->add_option("--gpus", plan.needs.gpus, "how many GPUs a job needs, for itself: with -i multicore:8?gpus=2, say")
             ->type_name("N"));
  around(run->add_option("--cores", plan.needs.cores, "how many cores its worker must have")->type_name("N"));
  around(run->add_option("--label", plan.needs.labels, "words that its worker must have: big, host=pi1 (mw node --label)")
             ->allow_extra_args(false)
             ->delimiter(',')
             ->type_name("WORD,…"));
  run->footer(
      "Use: mw run [OPTIONS] COMMAND [WORD…] [::: VALUE…] [:::+ VALUE…] [:::: FILE…]\n"
      "Inputs come behind :::, out of files behind ::::, from --arg-file, or from stdin, a line each; several lists are\n"
      "combined, each value with each, or with the one before behind :::+. In the command, or behind it, stand for an input:\n"
      "{} itself   {.} without extension   {/} without folder   {//} its folder   {/.} without both   {2} {2.} … the second\n"
      "{#} the job's number   {%} the number of the place that it runs in. Without a command, each input is one.\n"
      "The exit status is how many jobs failed, 101 for more than 100. Ctrl-C: no more jobs begin; again: all end now.\n"
      "Examples: mw run ./fold --seed {} ::: $(seq 1000)\n"
      "          find . -name '*.wav' | mw run --keep-order flac -s {} -o {.}.flac\n"
      "          mw run -i mpi:?hosts=pi1:4,pi2:4 --arg-file seeds.txt --joblog fold.tsv --resume ./fold --seed {}\n"
      "          mw run --shell 'zcat {} | grep -c error' ::: logs/*.gz\n"
      "          mw run --pipe --block 10M wc -l < large.txt");
}

int run(RunCommand command, const std::vector<std::string>& words) {
  RunPlan& plan = command.plan;
  plan.command = words;
  if (!plan.command.empty() && plan.command[0] == "--") {
    plan.command.erase(plan.command.begin());
  } else if (!plan.command.empty() && plan.command[0].starts_with('-')) {
    throw UsageError{fmt::format("there is no option {} (options come before the command)", plan.command[0])};
  }
  for (const std::string& file : command.argument_files) plan.inputs.origins.push_back({true, false, {file}});
  for (auto& origin : take_inputs(plan.command)) plan.inputs.origins.push_back(std::move(origin));
  plan.inputs.end = command.null ? '\0' : '\n';
  plan.tries = command.retries;
  if (!command.jobs.empty()) plan.jobs = job_count_of(command.jobs, process::available_cores());
  check(command);
  if (plan.inputs.origins.empty() && !plan.is_pipe && ::isatty(STDIN_FILENO))
    process::tell("mw run: reads inputs from the terminal, a line each; Ctrl-D ends them (inputs can also come behind :::)\n");
  return run(plan);
}

}  // namespace mw::run
