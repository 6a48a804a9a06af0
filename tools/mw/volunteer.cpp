#include "mw/volunteer.hpp"

#include <unistd.h>
#include <mw/error.hpp>

#include <iomanip>
#include <iostream>
#include <sstream>

#include <fmt/format.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#ifdef MW_HAVE_BOINC
#include "boinc/volunteer/client.hpp"
#include "mw/emulator.hpp"
#include "process/cores.hpp"
#include "process/file.hpp"
#include "process/job_control.hpp"
#include "process/no_write_signals.hpp"
#include "process/place.hpp"
#include "process/standard_streams.hpp"
#endif

namespace mw::tool {

void add_volunteer(CLI::App& cli, VolunteerCommand& command) {
  auto* volunteer = cli.add_subcommand("volunteer", "Computes for a volunteer project: a light BOINC client.");
  volunteer->add_option("url", command.url, "the project's address")->required();
  volunteer->add_option("--key-file", command.key_file, "a file with the project's account key; default: asked for on a terminal");
  volunteer->add_option("--folder", command.folder, "where its files are kept; default: ~/.local/state/cppmw/volunteer");
  volunteer->add_option("--slots", command.slots, "workunits that run at a time; default: one a core")->check(CLI::Range(1, 1024));
  volunteer
      ->add_option(
          "--poll", command.poll_s,
          "seconds between requests while there is a slot free, but never earlier than the project wants it; default: 5 after one "
          "that brought work, 1 minute after one that did not, doubling up to an hour, less a random part of up to a half; at "
          "the latest when the project wants to hear of it")
      ->check(CLI::Range(0.001, 86'400.0));
  volunteer->add_option("--checkpoint", command.checkpoint_s, "seconds between a task's checkpoints")
      ->check(CLI::Range(0.0, 86'400.0))
      ->capture_default_str();
  volunteer->add_option("--name", command.name, "what the project calls this host; default: this machine's name");
  volunteer->add_flag("--allow-programs", command.allow_programs,
                      "let tasks run any program of this machine; for projects of your own only");
  volunteer
      ->add_option(
          "--stop-within", command.stop_within_s,
          "seconds that running workunits have to end when it is told to stop (SIGTERM, SIGINT); those that have not are given "
          "back then, so that the project sends them to others. A second signal stops it at once")
      ->check(CLI::Range(0.0, 1e9))
      ->capture_default_str();
  volunteer->add_flag(
      "--keep-work", command.keep_work,
      "keep workunits when told to stop, and go on with them at the next start; the project waits for them meanwhile");
  volunteer->add_flag("--leave", command.leave, "give back all workunits, tell the project, remove what was kept, and end");
  volunteer
      ->add_option(
          "--sandbox", command.sandbox,
          "what tasks run in: bubblewrap (no network, no files but their own, limits of memory, processes and files), none, or "
          "auto: bubblewrap where it is installed and works")
      ->check(CLI::IsMember({"auto", "bubblewrap", "none"}))
      ->capture_default_str();
  volunteer->add_flag("--exit-when-idle", command.exit_when_idle, "end when the project has no more work");
  volunteer->add_option("--platform", command.platform,
                        "the kind of machine that it says it is, as BOINC calls it; default: what it is");
  volunteer->add_option("--runner", command.runner, "an emulator that runs that platform's programs: qemu-aarch64-static, say");
  volunteer->add_flag("--quiet", command.quiet, "say nothing but errors");
  volunteer->footer(
      "Example: mw volunteer http://example.org:8931/ --key-file account_key\n"
      "         mw volunteer http://example.org:8931/ --key-file account_key --leave");
}

#ifdef MW_HAVE_BOINC
namespace {

constexpr int longest_key = 4096;  // far more than any project's

std::string read_key(const VolunteerCommand& command) {
  std::string key;
  if (!command.key_file.empty()) {
    std::istringstream{process::read_secret_file(command.key_file)} >> key;
  } else {
    if (::isatty(STDIN_FILENO)) process::tell("account key: ");
    std::cin >> std::setw(longest_key) >> key;
  }
  if (key.size() >= longest_key)
    throw UsageError{"what should be the account key has no end: it is in the project's file account_key"};
  if (key.empty()) throw UsageError{"there is no account key: the project's owner has it, in the file account_key"};
  return key;
}

}  // namespace

void volunteer(const VolunteerCommand& command) {
  process::follow_terminal_stops();
  boinc::VolunteerOptions options;
  options.url = command.url;
  options.key = read_key(command);
  options.folder = command.folder.empty() ? process::state_folder() + "/volunteer" : command.folder;
  options.name = command.name;
  options.slots = command.slots > 0 ? command.slots : process::available_cores();
  options.poll_s = command.poll_s;
  options.checkpoint_s = command.checkpoint_s;
  options.allow_programs = command.allow_programs;
  options.exit_when_idle = command.exit_when_idle;
  options.stop_within_s = command.stop_within_s;
  options.keep_work = command.keep_work;
  options.sandbox = sandbox::choice_of(command.sandbox).value_or(sandbox::Choice::automatic);
  options.platform = command.platform;
  options.runner = emulator_path(command.runner);
  options.quiet = command.quiet;
  const process::NoWriteSignals no_signals;
  boinc::Volunteer volunteer{options};
  command.leave ? volunteer.leave() : volunteer.run();
}
#else
void volunteer(const VolunteerCommand&) {
  throw UsageError{
      "mw volunteer was not built: install SQLite 3, libcurl and pugixml (Debian: libsqlite3-dev, libcurl4-openssl-dev, "
      "libpugixml-dev) and build CppMW anew"};
}
#endif

}  // namespace mw::tool
