#include "mpi/launch.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include <fmt/format.h>

#include "mpi/spec.hpp"
#include "process/place.hpp"

namespace mw::mpi {
namespace {

namespace fs = std::filesystem;
using process::host_name;

bool is_executable(const std::string& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

/// Empty if it is not there.
std::string find_in_path(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream list{path ? path : "/usr/local/bin:/usr/bin:/bin"};
  for (std::string folder; std::getline(list, folder, ':');)
    if (std::string found = folder + "/" + name; is_executable(found)) return found;
  return {};
}

std::string find_mpiexec(const std::string& wanted) {
  if (!wanted.empty()) {
    const std::string found = wanted.find('/') == std::string::npos ? find_in_path(wanted) : wanted;
    if (!is_executable(found)) throw InterfaceError{fmt::format("mpi: there is no program \"{}\" (mpiexec=…)", wanted)};
    return found;
  }
  for (const char* name : {"mpiexec.mpich", "mpiexec.hydra"})
    if (std::string found = find_in_path(name); !found.empty()) return found;
  throw InterfaceError{
      "mpi: there is no mpiexec.mpich in PATH: install MPICH (Debian: apt-get install mpich), or say where it is "
      "(mpi:N?mpiexec=PATH)"};
}

std::string find_rank_program(const std::string& wanted) {
  if (!wanted.empty()) {
    if (!is_executable(wanted)) throw InterfaceError{fmt::format("mpi: there is no program \"{}\" (rank_program=…)", wanted)};
    return fs::absolute(wanted).string();
  }
  std::error_code error;
  const fs::path beside = fs::read_symlink("/proc/self/exe", error).parent_path() / "mw_mpi_rank";
  if (is_executable(beside.string())) return beside.string();
#ifdef MW_MPI_RANK_PROGRAM
  if (is_executable(MW_MPI_RANK_PROGRAM)) return MW_MPI_RANK_PROGRAM;
  throw InterfaceError{fmt::format("mpi: the program of the ranks is neither {} nor {}: copy it beside this program",
                                   beside.string(), MW_MPI_RANK_PROGRAM)};
#else
  throw InterfaceError{
      "mpi: this CppMW was built without it, as MPICH was not found then: install it (Debian: apt-get install mpich libmpich-dev) "
      "and build again"};
#endif
}

bool is_own_name(const std::string& name) { return name == "localhost" || name == "127.0.0.1" || name == host_name(); }

/// The first of them gets rank 0, the manager. A host that comes twice becomes one: mpiexec would take it for two.
std::string host_file_text(std::vector<HostSlots> hosts, const std::string& manager) {
  const bool manager_is_own = is_own_name(manager);
  unsigned slots = 1;
  for (const HostSlots& host : hosts)
    if (host.name == manager || (manager_is_own && is_own_name(host.name))) slots += host.slots;
  std::erase_if(hosts, [&](const HostSlots& host) { return host.name == manager || (manager_is_own && is_own_name(host.name)); });
  std::string text = fmt::format("{}:{}\n", manager, slots);
  for (const HostSlots& host : hosts) text += fmt::format("{}:{}\n", host.name, host.slots);
  return text;
}

/// In memory; mpiexec inherits it.
process::UniqueFd memory_file(const std::string& text) {
  process::UniqueFd fd{::memfd_create("hosts", MFD_CLOEXEC)};
  if (fd.get() < 0 || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw InterfaceError{"mpi: the list of hosts can not be written"};
  return fd;
}

}  // namespace

Launch make_launch(const MpiOptions& options, unsigned workers) {
  Launch launch;
  process::Command& command = launch.command;
  command.path = find_mpiexec(options.mpiexec);
  const std::string rank_program = find_rank_program(options.rank_program);
  auto hosts = hosts_of(options);
  // A rank that dies must not take the others along.
  command.arguments = {"-disable-auto-cleanup"};
  if (!options.launcher.empty()) command.arguments.insert(command.arguments.end(), {"-launcher", options.launcher});
  const bool slurm_chooses = hosts.empty() && options.manager.empty() && is_in_slurm() && options.launcher != "fork";
  if (!hosts.empty() || !options.manager.empty()) {
    if (hosts.empty()) hosts.push_back({host_name(), workers});
    const std::string manager = options.manager.empty() ? host_name() : options.manager;
    launch.host_file = memory_file(host_file_text(hosts, manager));
    launch.manager_is_here = is_own_name(manager);
    command.inherit_fds.push_back(launch.host_file.get());
    command.arguments.insert(command.arguments.end(), {"-f", fmt::format("/proc/self/fd/{}", launch.host_file.get())});
  } else if (slurm_chooses) {
    launch.manager_is_here = false;
  } else if (options.launcher.empty()) {
    command.arguments.insert(command.arguments.end(), {"-launcher", "fork"});
  }
  command.arguments.insert(command.arguments.end(), {"-n", std::to_string(workers + 1), rank_program});
  return launch;
}

}  // namespace mw::mpi
