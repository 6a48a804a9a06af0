#include "mw/boinc_setup.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <mw/error.hpp>

#ifdef MW_HAVE_BOINC
#include "boinc/setup/due_programs.hpp"
#include "boinc/setup/project_setup.hpp"
#include "boinc/setup/project_tool.hpp"
#include "process/standard_streams.hpp"
#endif

namespace mw::tool {

void add_boinc_setup(CLI::App& cli, BoincSetupCommand& command) {
  auto* setup = cli.add_subcommand("boinc-setup", "Makes an existing BOINC project ready for an application's jobs.");
  setup->add_option("folder", command.folder, "the project's folder, on its own host")->required();
  setup->add_option("--app", command.app, "what the project is to call the application")->required();
  setup->add_option("--program", command.program, "the program's name, where that is another one");
  setup->add_option("--workers", command.workers, "the folder of its worker builds; default: \"workers\" beside this command");
  setup->add_option("--quorum", command.quorum, "so many results of a workunit must agree; default: each run says so")
      ->check(CLI::Range(1, 100));
  setup->add_option("--target", command.target, "so many copies are sent at once")->check(CLI::Range(1, 100));
  setup->add_option("--max-error", command.max_error, "so many of them may fail")->check(CLI::Range(1, 100));
  setup->add_option("--max-total", command.max_total, "so many may be made")->check(CLI::Range(1, 100));
  setup->add_option("--max-success", command.max_success, "so many may succeed without agreement")->check(CLI::Range(1, 100));
  setup
      ->add_option("--max-apps", command.max_apps,
                   "so many applications BOINC's feeder has room for (MAX_APPS, if it was compiled with another number)")
      ->capture_default_str();
  setup->add_option("--max-output", command.max_output_mb, "megabytes that a workunit's results may have")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  setup->add_flag("--remote", command.remote, "jobs come over the network (boinc:url=…), not from this host (boinc:project=…)");
  setup->add_flag("--check", command.check, "say what is missing, and write nothing");
  setup->add_flag("--replace", command.replace, "write templates anew that say something else");
  setup->add_flag(
      "--apply", command.apply,
      "then run what has to run: bin/xadd, bin/update_versions (which signs with the key on this host), bin/stop, bin/start");
  setup->footer("Example: mw boinc-setup ~/projects/pi --app monte_pi --apply");
}

#ifdef MW_HAVE_BOINC
namespace {

void run(const std::string& folder, const std::string& program) {
  const std::vector<std::string> arguments =
      program == "bin/update_versions" ? std::vector<std::string>{"--noconfirm"} : std::vector<std::string>{};
  process::print(fmt::format("{} {}\n", program, fmt::join(arguments, " ")));
  const process::ProgramRun ran = boinc::run_project_tool(folder, program, arguments);
  process::print(fmt::format("{}{}", ran.out, ran.err));
  if (ran.death.signaled || ran.death.exit_status != 0)
    throw Error{fmt::format("{} ended with {}; `mw boinc-setup {} … --apply` goes on from there", program,
                            process::describe(ran.death), folder)};
}

}  // namespace

bool boinc_setup(const BoincSetupCommand& command) {
  namespace fs = std::filesystem;
  boinc::SetupOptions options;
  options.folder = command.folder;
  options.app = command.app;
  options.title = command.program;
  options.workers =
      command.workers.empty() ? (fs::read_symlink("/proc/self/exe").parent_path() / "workers").string() : command.workers;
  options.copies = {command.quorum, command.target, command.max_error, command.max_total, command.max_success};
  options.limits.apps = command.max_apps;
  options.max_output = std::uint64_t{command.max_output_mb} << 20;
  options.is_remote = command.remote;
  options.only_check = command.check;
  options.replace = command.replace;
  const auto items = boinc::set_up_project(options);
  for (const auto& item : items)
    process::print(fmt::format("{:8} {}{}\n", to_string(item.state), item.what, item.why.empty() ? "" : " (" + item.why + ")"));
  const auto is_any = [&](boinc::SetupState state) {
    return std::any_of(items.begin(), items.end(), [state](const auto& item) { return item.state == state; });
  };
  const bool is_well = !is_any(boinc::SetupState::wrong) && !is_any(boinc::SetupState::missing);
  const std::string folder = fs::absolute(command.folder).lexically_normal().string();
  boinc::DuePrograms due{folder};
  if (command.apply && is_well) {
    if (due.run([&](const std::string& program) { run(folder, program); }))
      process::print("the project is stopped, as its owner left it: bin/start starts it\n");
  } else if (!due.programs().empty()) {
    process::print(fmt::format("what has to run in {}, unless it has; --apply does it, and then forgets it:\n  {}\n", folder,
                               fmt::join(due.programs(), "\n  ")));
  }
  if (command.remote)
    process::print(fmt::format(
        "who may submit: bin/manage_privileges grant USER_ID {}\n"
        "files of more than 2 MB are refused unless the web server's php.ini has a larger upload_max_filesize, and a larger "
        "post_max_size\n",
        command.app));
  return is_well;
}
#else
bool boinc_setup(const BoincSetupCommand&) {
  throw UsageError{
      "mw boinc-setup was not built: install SQLite 3, libcurl and pugixml (Debian: libsqlite3-dev, libcurl4-openssl-dev, "
      "libpugixml-dev) and build CppMW anew"};
}
#endif

}  // namespace mw::tool
