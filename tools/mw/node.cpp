#include "mw/node.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <mw/error.hpp>

#include "mw/emulator.hpp"
#include "net/key_file.hpp"
#include "net/multicast.hpp"
#include "parse/size.hpp"
#include "process/cores.hpp"
#include "process/job_control.hpp"
#include "process/no_write_signals.hpp"
#include "process/place.hpp"
#include "resources/machine.hpp"
#include "resources/shares.hpp"
#include "tcp/node/node.hpp"

namespace mw::tool {
namespace {

/// Where programs are kept that came: for the next time, or, for who has no place for that, until somebody clears up.
std::string usual_folder() {
  std::error_code error;
  try {
    const std::string folder = process::state_folder() + "/node";
    std::filesystem::create_directories(folder, error);
    if (!error && ::access(folder.c_str(), W_OK) == 0) return folder;
  } catch (const InterfaceError&) {  // there is no HOME
  }
  const std::string common = process::temporary_folder_path();
  ::mkdir(common.c_str(), 0700);
  if (!process::is_for_user_alone(common))
    throw InterfaceError{
        fmt::format("programs that come can be kept neither in the home folder nor in {}: name one (--folder)", common)};
  return common + "/node";
}

net::KeyFile key_on_stdin() {
  std::string line;
  std::getline(std::cin, line);
  return net::key_file_of(line, "what came on stdin");
}

Shares shares_of(const NodeCommand& command) {
  Shares shares{.cores = command.cores, .gpus = command.gpus, .labels = command.labels};
  if (!command.memory.empty()) {
    const auto size = parse::size(command.memory);
    if (!size || *size == 0) throw UsageError{fmt::format("--memory {}: it is a size: 512M, 4G", command.memory)};
    shares.memory = *size;
  }
  resources::check(shares, "--gpus, --label");
  static_cast<void>(resources::machine_here(shares.gpus));  // while somebody looks
  return shares;
}

}  // namespace

void add_node(CLI::App& cli, NodeCommand& command) {
  auto* node = cli.add_subcommand("node", "Lends this machine's cores to masters of the network (interface tcp).");
  auto* connect =
      node->add_option("--connect", command.masters,
                       "where a master listens; several: the node works for all of them. It is dialled again until it answers. "
                       "Default: all masters with this key that are found on the networks that this machine is on")
          ->delimiter(',')
          ->type_name("HOST:PORT,…");
  node->add_option("--discovery", command.discovery,
                   "how masters are found: the multicast group and UDP port, [GROUP]:PORT for IPv6, or the port alone; as the "
                   "master's discovery=; default: 239.255.77.87 and ff12::4d57, port 9470")
      ->excludes(connect)
      ->type_name("GROUP:PORT");
  node->add_option("--key", command.key_file, "the key file: the master's own, or this node's (mw keygen); -: it comes on stdin")
      ->required()
      ->type_name("FILE");
  node->add_option("--slots", command.slots, "tasks that run at a time, of all masters together; default: one a core")
      ->check(CLI::Range(1, 65'536));
  node->add_option("--gpus", command.gpus,
                   "how many GPUs the slots have together; each GPU is for one slot, whose workers find it in CUDA_VISIBLE_DEVICES "
                   "and HIP_VISIBLE_DEVICES, and the other slots' workers see none. The first of those that CUDA_VISIBLE_DEVICES "
                   "names here, or else 0, 1, …; default: as many as there are of NVIDIA's, and the other slots see all")
      ->check(CLI::Range(0u, resources::most_gpus));
  node->add_option("--label", command.labels, "words that tasks may ask for: big, rack=3")->delimiter(',')->type_name("WORD,…");
  node->add_option("--cores", command.cores, "cores that each slot has, for tasks that ask for some; default: its share")
      ->check(CLI::Range(1, 65'536));
  node->add_option("--memory", command.memory,
                   "memory that each slot has, for tasks that ask for some: 512M, 4G; default: its share")
      ->type_name("SIZE");
  node->add_option("--name", command.name,
                   "what masters call this node: letters, digits, '.', '-', '_'; default: this machine's name, or the key's");
  node->add_option(
      "--folder", command.folder,
      "where programs that masters send are kept; default: ~/.local/state/cppmw/node, or a folder for temporary files");
  node->add_option("--platform", command.platform,
                   "the kind of machine that it says it is: aarch64-unknown-linux-gnu, say; default: what it is");
  node->add_option("--runner", command.runner, "an emulator that runs that platform's programs: qemu-aarch64-static, say");
  node->add_option("--sandbox", command.sandbox,
                   "what tasks run in: bubblewrap (no network, no files but their own and the system's programs, limits of "
                   "memory, processes and files), none, or auto: bubblewrap where it is installed and works")
      ->check(CLI::IsMember({"auto", "bubblewrap", "none"}))
      ->capture_default_str();
  node->add_option("--idle-exit", command.idle_exit_s, "end when no master has been there for so many seconds; default: never")
      ->check(CLI::Range(0.0, 1e9));
  node->add_flag("--once", command.once, "end when the first master is done, gone, or does not want this node");
  node->add_flag("--quiet", command.quiet, "say nothing but errors");
  node->footer(
      "It stays until it gets SIGTERM or SIGINT. Programs that a master sends run as the user who has started the node,\n"
      "and may do what that user may, unless there is a sandbox.\n"
      "Example: mw node --key cppmw.key\n"
      "         mw node --key cppmw.key --connect pi1.local:9470\n"
      "         mw node --key pi2.key --connect lab:9470,lab:9471 --slots 4\n"
      "         mw node --key cppmw.key --slots 8 --gpus 2 --label big,rack=3");
}

void node(const NodeCommand& command) {
  process::follow_terminal_stops();
  const net::KeyFile key = command.key_file == "-" ? key_on_stdin() : net::read_key_file(command.key_file);
  tcp::NodeOptions options;
  for (const std::string& master : command.masters) options.masters.push_back(net::host_and_port_of(master));
  if (options.masters.empty()) options.groups = command.discovery.empty() ? net::usual_groups() : net::groups_of(command.discovery);
  options.name = !command.name.empty() ? command.name : !key.node.empty() ? key.node : net::as_node_name(process::host_name());
  if (!net::is_node_name(options.name))
    throw UsageError{fmt::format("--name {}: a node's name has letters, digits, '.', '-' and '_', 64 at most", options.name)};
  if (!key.node.empty() && options.name != key.node)
    throw UsageError{fmt::format("--name {}: {} is the key of the node {}", options.name, command.key_file, key.node)};
  options.key = key.key_for(options.name);
  options.slots = command.slots > 0 ? command.slots : process::available_cores();
  options.shares = shares_of(command);
  options.folder = command.folder.empty() ? usual_folder() : command.folder;
  options.platform = command.platform;
  options.runner = emulator_path(command.runner);
  options.sandbox = sandbox::choice_of(command.sandbox).value_or(sandbox::Choice::none);
  options.once = command.once;
  options.idle_exit = std::chrono::milliseconds{std::llround(command.idle_exit_s * 1'000)};
  options.quiet = command.quiet;
  const process::NoWriteSignals no_signals;
  tcp::Node{std::move(options)}.run();
}

}  // namespace mw::tool
