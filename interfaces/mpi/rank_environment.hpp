// What ranks are told through their environment, which only this user can read.
//
// What:    puts into a launch's command where the master is, the key that proves who comes, which program a worker is,
//          and where it begins. mpiexec sends that to the ranks of other hosts over its own connection.
// Owner:   the probe is a memory file by which a rank tells whether it is on the master's machine; it must stay open.
// Threads: any.
// Use:
//     const process::UniqueFd probe = make_probe();
//     set_environment(launch, options, {addresses, key, probe.get()});
#pragma once

#include <string>

#include "mpi/launch.hpp"
#include "mpi/spec.hpp"
#include "net/key_proof.hpp"
#include "process/unique_fd.hpp"

namespace mw::mpi {

/// Throws InterfaceError if there is no memory file.
process::UniqueFd make_probe();

/// How a rank finds its master.
struct MasterPlace {
  std::string addresses;
  const net::Key& key;
  int probe = -1;
};

void set_environment(Launch& launch, const MpiOptions& options, const MasterPlace& master);

}  // namespace mw::mpi
