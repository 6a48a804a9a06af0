#include "mpi/launch.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "mpi/slurm.hpp"
#include "process/launch.hpp"
#include "process/own_programs.hpp"
#include "process/place.hpp"
#include "process/route.hpp"

namespace mw::mpi {
namespace {

namespace fs = std::filesystem;
using process::host_name;

bool is_executable(const std::string& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

std::string find_mpiexec(const std::string& wanted) {
  if (!wanted.empty()) {
    const std::string found = process::find_program(wanted);
    if (found.empty()) throw InterfaceError{fmt::format("mpi: there is no program \"{}\" (mpiexec=…)", wanted)};
    return found;
  }
  for (const char* name : {"mpiexec.mpich", "mpiexec.hydra"})
    if (std::string found = process::find_program(name); !found.empty()) return found;
  throw InterfaceError{
      "mpi: there is no mpiexec.mpich in PATH: install MPICH (Debian: apt-get install mpich), or say where it is "
      "(mpi:N?mpiexec=PATH)"};
}

std::string find_rank_program(const std::string& wanted) {
  if (!wanted.empty()) {
    if (!is_executable(wanted)) throw InterfaceError{fmt::format("mpi: there is no program \"{}\" (rank_program=…)", wanted)};
    return fs::absolute(wanted).string();
  }
#ifdef MW_MPI_RANK_PROGRAM
  const char* const name = "mw_mpi_rank";
  if (std::string found = process::find_own_program(name, MW_MPI_RANK_PROGRAM); !found.empty()) return found;
  throw InterfaceError{fmt::format("mpi: the program of the ranks is in none of these places: {}. Copy it beside this program",
                                   fmt::join(process::places_of_own_program(name, MW_MPI_RANK_PROGRAM), ", "))};
#else
  throw InterfaceError{
      "mpi: this CppMW was built without it, as MPICH was not found then: install it (Debian: apt-get install mpich libmpich-dev) "
      "and build again"};
#endif
}

/// The first of them gets rank 0, the manager.
std::vector<HostSlots> with_manager_first(std::vector<HostSlots> hosts, const std::string& manager) {
  const auto is_managers = [&, manager_is_own = is_own_name(manager)](const HostSlots& host) {
    return host.name == manager || (manager_is_own && is_own_name(host.name));
  };
  HostSlots first{manager, 1};
  for (const HostSlots& host : hosts) {
    if (!is_managers(host)) continue;
    first.slots += host.slots;
    if (first.user.empty()) first.user = host.user;
  }
  std::erase_if(hosts, is_managers);
  hosts.insert(hosts.begin(), std::move(first));
  return hosts;
}

std::string host_file_text(const std::vector<HostSlots>& hosts) {
  std::string text;
  for (const HostSlots& host : hosts)
    text += fmt::format("{}:{}{}{}\n", host.name, host.slots, host.user.empty() ? "" : " user=", host.user);
  return text;
}

const char* variable(std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const char* value = std::getenv(name); value && *value) return value;
  return nullptr;
}

/// Whether mpiexec will reach hosts by ssh, and by which; empty if by something else.
std::string remote_shell_of(const std::string& launcher) {
  const char* const of_user = variable({"HYDRA_LAUNCHER", "HYDRA_BOOTSTRAP"});
  const std::string chosen = !launcher.empty() ? launcher : of_user ? of_user : "";
  // mpiexec has launchers for these, and finds them by such variables.
  const bool is_managed = variable({"SLURM_JOB_ID", "SLURM_NODELIST", "PBS_NODEFILE", "LSB_MCPU_HOSTS", "PE_HOSTFILE",
                                    "COBALT_NODEFILE", "LOADL_HOSTFILE"}) != nullptr;
  if (chosen != "ssh" && !(chosen.empty() && !is_managed)) return {};
  const char* const program = variable({"HYDRA_LAUNCHER_EXEC", "HYDRA_BOOTSTRAP_EXEC"});
  return program ? program : "ssh";
}

/// A host that lacks the ranks' program says so, and not to mpiexec only, which waits. The shell becomes the rank.
constexpr const char* start_rank =
    R"([ -x "$0" ] || { echo "$(uname -n) has no program $0" >&2; echo "@cppmw-rank-ended ${PMI_RANK:--1} $$ 0 127" >&2; exit 127; }; exec "$0")";

/// In memory; mpiexec inherits it.
process::UniqueFd memory_file(const std::string& text) {
  process::UniqueFd fd{::memfd_create("hosts", MFD_CLOEXEC)};
  if (fd.get() < 0 || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw InterfaceError{"mpi: the list of hosts cannot be written"};
  return fd;
}

}  // namespace

bool is_own_name(const std::string& name) {
  return name == "localhost" || name == host_name() || name.starts_with(host_name() + ".") || process::is_own_address(name);
}

std::string Launch::host_of(std::uint32_t rank) const {
  std::uint32_t all = 0;
  for (const HostSlots& host : hosts) all += host.slots;
  if (all == 0) return {};
  // More ranks than slots go round again.
  std::uint32_t slot = rank % all;
  for (const HostSlots& host : hosts) {
    if (slot < host.slots) return host.name;
    slot -= host.slots;
  }
  return {};
}

Launch make_launch(const MpiOptions& options, const std::vector<HostSlots>& hosts, unsigned workers) {
  Launch launch;
  process::Command& command = launch.command;
  auto& arguments = command.arguments;
  command.path = find_mpiexec(options.mpiexec);
  const std::string rank_program = find_rank_program(options.rank_program);
  // A rank that dies must not take the others along; and all begin in a folder that every host has.
  arguments = {"-disable-auto-cleanup", "-wdir", "/"};
  if (!options.launcher.empty()) arguments.insert(arguments.end(), {"-launcher", options.launcher});
  bool is_far = false;
  if (!hosts.empty() || !options.manager.empty()) {
    const std::string manager = options.manager.empty() ? host_name() : options.manager;
    launch.hosts = with_manager_first(hosts.empty() ? std::vector<HostSlots>{{host_name(), workers}} : hosts, manager);
    launch.host_file = memory_file(host_file_text(launch.hosts));
    launch.manager_is_here = is_own_name(manager);
    is_far = launch.hosts.size() > 1 || !launch.manager_is_here;
    command.inherit_fds.push_back(launch.host_file.get());
    arguments.insert(arguments.end(), {"-f", fmt::format("/proc/self/fd/{}", launch.host_file.get())});
  } else if (is_in_slurm() && options.launcher != "fork") {
    launch.manager_is_here = false;
    command.environment_set = slurm_allocation().for_mpiexec;
  } else if (options.launcher.empty()) {
    arguments.insert(arguments.end(), {"-launcher", "fork"});
  }
  // Under srun, mpiexec's own srun would wait for this program's step to end.
  if (is_in_slurm()) command.environment_set.emplace_back("SLURM_OVERLAP", "1");
  if (is_far) {
    launch.remote_shell = remote_shell_of(options.launcher);
    arguments.insert(arguments.end(), {"-prepend-pattern", "[%h] "});
  }
  if (!launch.remote_shell.empty()) arguments.insert(arguments.end(), {"-launcher-exec", rank_program});
  arguments.insert(arguments.end(), {"-n", std::to_string(workers + 1)});
  if (is_far) arguments.insert(arguments.end(), {"/bin/sh", "-c", start_rank});
  arguments.push_back(rank_program);
  return launch;
}

}  // namespace mw::mpi
