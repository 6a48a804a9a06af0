// The command line that starts the ranks.
//
// What:    finds mpiexec and the ranks' program, puts the hosts in order, and makes the command.
// Owner:   a Launch keeps the host file for as long as mpiexec may read it.
// Threads: any.
// Use:
//     Launch launch = make_launch(options, hosts, workers);         // throws InterfaceError
//     process::Command command = launch.command;
#pragma once

#include <string>
#include <vector>

#include <mw/mpi.hpp>

#include "mpi/spec.hpp"
#include "process/child.hpp"
#include "process/unique_fd.hpp"

namespace mw::mpi {

struct Launch {
  process::Command command;
  process::UniqueFd host_file;
  bool manager_is_here = true;   ///< for certain
  std::vector<HostSlots> hosts;  ///< as mpiexec has them: the manager's first; empty where it finds them itself
  std::string remote_shell;      ///< what the ranks' program runs in mpiexec's place to reach other hosts; empty: mpiexec does
  /// The host of a rank as the user named it; empty where that is not known.
  std::string host_of(std::uint32_t rank) const;
};

Launch make_launch(const MpiOptions& options, const std::vector<HostSlots>& hosts, unsigned workers);

/// Whether a host of this name needs no connection.
bool is_own_name(const std::string& name);

}  // namespace mw::mpi
