#include "mpi/rank_environment.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "mpi/environment.hpp"
#include "process/launch.hpp"
#include "process/place.hpp"
#include "process/shortage.hpp"

namespace mw::mpi {
namespace {

/// Ranks find out by them which network leads to the others.
std::string some_of(const std::vector<HostSlots>& hosts) {
  constexpr std::size_t enough = 5;
  std::string names;
  for (std::size_t i = 0; i < hosts.size() && i < enough; ++i) names += (i == 0 ? "" : " ") + hosts[i].name;
  return names;
}

/// "/" where it was removed.
std::string working_directory() {
  std::error_code error;
  const auto folder = std::filesystem::current_path(error);
  return error ? "/" : folder.string();
}

}  // namespace

process::UniqueFd make_probe() {
  process::UniqueFd fd{::memfd_create("probe", MFD_CLOEXEC)};
  if (fd.get() < 0) throw InterfaceError{fmt::format("mpi: no memory file: {}", process::shortage(errno))};
  return fd;
}

void set_environment(Launch& launch, const MpiOptions& options, const MasterPlace& master) {
  launch.command.environment_unset = {"MW_*", "PMI_*", "PMIX_*"};
  auto& environment = launch.command.environment_set;
  environment.insert(environment.end(),
                     {
                         {variable_addresses, master.addresses},
                         {variable_key, net::to_text(master.key)},
                         {variable_place, options.local_memory ? process::own_place() : std::string{}},
                         {variable_probe, fmt::format("{} {} {}", ::getpid(), master.probe, process::inode_of(master.probe))},
                         {variable_program, std::filesystem::read_symlink("/proc/self/exe").string()},
                         {variable_name, process::own_name()},
                         {variable_lost_after, std::to_string(options.lost_after.count())},
                         {variable_folder, working_directory()},
                         {variable_peers, some_of(launch.hosts)},
                         {variable_threads, std::to_string(options.threads)},
                     });
  if (!launch.remote_shell.empty()) environment.emplace_back(variable_shell, launch.remote_shell);
}

}  // namespace mw::mpi
