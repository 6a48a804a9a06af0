// The command line that starts the ranks.
//
// What:    finds mpiexec and the ranks' program, puts the hosts in order, and makes the command.
// Owner:   a Launch keeps the host file for as long as mpiexec may read it.
// Threads: any.
// Use:
//     Launch launch = make_launch(options, workers);        // throws InterfaceError
//     process::Command command = launch.command;
#pragma once

#include <string>

#include <mw/mpi.hpp>

#include "process/child.hpp"
#include "process/unique_fd.hpp"

namespace mw::mpi {

struct Launch {
  process::Command command;
  process::UniqueFd host_file;
  bool manager_is_here = true;  ///< for certain
};

Launch make_launch(const MpiOptions& options, unsigned workers);

}  // namespace mw::mpi
