// The mw command.
#include <algorithm>
#include <exception>
#include <string>
#include <vector>

#include <mw/error.hpp>
#include <mw/init.hpp>

#include <fmt/format.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "app/command_line.hpp"
#include "mw/boinc_key.hpp"
#include "mw/boinc_setup.hpp"
#include "mw/ctl.hpp"
#include "mw/journal.hpp"
#include "mw/keygen.hpp"
#include "mw/manual.hpp"
#include "mw/new_app.hpp"
#include "mw/node.hpp"
#include "mw/top.hpp"
#include "mw/volunteer.hpp"
#include "process/standard_streams.hpp"
#include "process/terminal_line.hpp"
#include "run/run_command.hpp"
#include "speedup/speedup.hpp"

namespace {

constexpr int status_failed = 1;
constexpr int status_usage = 2;

/// What is behind "--" is the application and its arguments, none of our business; it is taken off `arguments`.
std::vector<std::string> take_command(std::vector<std::string>& arguments) {
  const auto mark = std::find(arguments.begin(), arguments.end(), "--");
  if (mark == arguments.end()) return {};
  std::vector<std::string> command{mark + 1, arguments.end()};
  arguments.erase(mark, arguments.end());
  return command;
}

void add_speedup(CLI::App& cli, mw::tool::SpeedupOptions& options) {
  auto* speedup = cli.add_subcommand("speedup", "Runs a CppMW application over several numbers of workers and prints the table.");
  speedup->add_option("--workers", options.workers, "numbers of workers; default: 1, 2 and twice the cores")
      ->delimiter(',')
      ->check(CLI::Range(1, 65'536))
      ->type_name("N,N,…");
  speedup->add_option("--interfaces", options.interfaces, "interfaces, one table each; default: the application's own choice")
      ->type_name("SPEC,SPEC,…");
  speedup
      ->add_option("--vary", options.vary, "an option of the application and its values: each is measured, with a table of its own")
      ->type_name("OPTION=V,V,…");
  speedup->add_flag("--warm-up", options.warm_up, "begin with a run of each interface that does not count");
  speedup->add_option(
      "--out", options.out,
      "a folder for a report with statistics, CSV, a plot, and the runs: a measurement that was interrupted goes on there");
  speedup->add_option("--runs", options.runs, "runs of each, in turn; the table has medians")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  speedup->add_flag("--without-start-up", options.without_start_up,
                    "count from when a worker was ready, on average over the workers, until the work was done");
  speedup->add_flag("--results-may-differ", options.results_may_differ,
                    "for a program whose result depends on the number of workers; else runs that differ in it are refused");
  speedup->add_flag("--statistics", options.statistics,
                    "print all that is in the report: start-up and calculation, both speedups, means, deviations, outliers");
  speedup->add_flag("--side-by-side", options.side_by_side,
                    "one table: interfaces are columns, with mean and standard deviation, numbers of workers and values are rows");
  speedup->add_flag("--markdown", options.markdown, "print a Markdown table");
  speedup->add_flag("--json", options.json, "print one JSON object");
  speedup->footer(
      "The application and its arguments come behind --.\n"
      "Examples: mw speedup --workers 1,2,4 --runs 3 -- ./monte_pi --points 1e9\n"
      "          mw speedup --vary points=1e6,1e8 --interfaces multicore,mpi --side-by-side --runs 5 --out pi -- ./monte_pi");
}

/// CLI11 takes arguments last first.
void parse(CLI::App& cli, std::vector<std::string> arguments, const std::vector<std::string>& command) {
  std::reverse(arguments.begin(), arguments.end());
  cli.parse(arguments);
  if (command.empty() && cli.got_subcommand("speedup")) throw CLI::RequiredError{"-- and the application behind it"};
}

void speedup(mw::tool::SpeedupOptions options, const std::vector<std::string>& command) {
  options.program = command.front();
  options.arguments.assign(command.begin() + 1, command.end());
  options.progress = mw::process::shows_status_lines();
  mw::tool::speedup(options);
}

}  // namespace

int main(int argc, char** argv) {
  mw::init(argc, argv);
  CLI::App cli{"Tools around CppMW applications.", "mw"};
  cli.set_version_flag("--version", MW_VERSION);
  cli.require_subcommand(1);
  mw::tool::SpeedupOptions speedup_options;
  mw::tool::VolunteerCommand volunteer_command;
  mw::tool::BoincSetupCommand setup_command;
  add_speedup(cli, speedup_options);
  mw::tool::add_volunteer(cli, volunteer_command);
  mw::tool::add_boinc_setup(cli, setup_command);
  mw::tool::BoincKeyCommand key_command;
  mw::tool::add_boinc_key(cli, key_command);
  mw::tool::KeygenCommand keygen_command;
  mw::tool::add_keygen(cli, keygen_command);
  mw::tool::NodeCommand node_command;
  mw::tool::add_node(cli, node_command);
  mw::tool::JournalCommand journal_command;
  mw::tool::add_journal(cli, journal_command);
  mw::tool::CtlCommand ctl_command;
  mw::tool::TopCommand top_command;
#ifdef MW_HAVE_HTTP_CLIENT
  mw::tool::add_ctl(cli, ctl_command);
  mw::tool::add_top(cli, top_command);
#endif
  mw::tool::NewCommand new_command;
  mw::tool::add_new(cli, new_command);
  mw::run::RunCommand run_command;
  mw::run::add_run(cli, run_command);
  std::string manual_folder;  // for the build, which is why --help does not show it
  cli.add_subcommand("manual", "Writes manual pages and completions.")
      ->group("")
      ->add_option("folder", manual_folder, "where to")
      ->required();
  std::vector<std::string> arguments{argv + 1, argv + argc};
  // What mw run is to run may have a "--" of its own.
  const bool runs = !arguments.empty() && arguments.front() == "run";
  const std::vector<std::string> command = runs ? std::vector<std::string>{} : take_command(arguments);
  try {
    parse(cli, std::move(arguments), command);
  } catch (const CLI::Success& e) {
    return mw::app::answer(cli, e);
  } catch (const CLI::ParseError& e) {
    const auto chosen = cli.get_subcommands();
    const std::string command_name = chosen.empty() ? "mw" : "mw " + chosen.front()->get_name();
    mw::process::tell(fmt::format("{}: {} (see {} --help)\n", command_name, mw::app::explain(cli, e), command_name));
    return status_usage;
  }
  const std::string name = cli.get_subcommands().front()->get_name();
  try {
    if (name == "run") return mw::run::run(std::move(run_command), cli.get_subcommand("run")->remaining());
    if (name == "journal") return mw::tool::journal(journal_command);
    if (name == "boinc-setup") return mw::tool::boinc_setup(setup_command) ? 0 : status_failed;
#ifdef MW_HAVE_HTTP_CLIENT
    if (name == "ctl") return mw::tool::ctl(ctl_command), 0;
    if (name == "top") return mw::tool::top(top_command), 0;
#endif
    if (name == "volunteer")
      mw::tool::volunteer(volunteer_command);
    else if (name == "boinc-key")
      mw::tool::boinc_key(key_command);
    else if (name == "keygen")
      mw::tool::keygen(keygen_command);
    else if (name == "node")
      mw::tool::node(node_command);
    else if (name == "new")
      mw::tool::new_app(new_command);
    else if (name == "manual")
      mw::tool::write_manual(cli, manual_folder);
    else
      speedup(std::move(speedup_options), command);
    return 0;
  } catch (const mw::UsageError& e) {
    mw::process::tell(fmt::format("mw {}: {}\n", name, e.what()));
    return status_usage;
  } catch (const std::exception& e) {
    mw::process::tell(fmt::format("mw {}: {}\n", name, e.what()));
    return status_failed;
  }
}
