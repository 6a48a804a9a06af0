// What mpiexec starts in place of ssh: the same ssh, with somebody who listens to it.
//
// What:    starts the remote shell with mpiexec's arguments, puts the host's name before what it says on stderr, and
//          says how it ended (HostNotice) straight to the master: mpiexec itself does not look, and waits in silence.
//          ssh is not to ask for passwords, as nobody could answer.
// Owner:   owns the shell's process, which ends with it; it ends with mpiexec.
// Threads: one.
// Use:
//     if (is_remote_shell()) return run_remote_shell(argc, argv);       // first in main()
#pragma once

#include <string>
#include <vector>

namespace mw::mpi {

/// Whether this process was started as one: mpiexec does so with the environment of the master, ranks get more.
bool is_remote_shell();
int run_remote_shell(int argc, char** argv);

/// The host among the arguments that mpiexec gives to ssh ("-x [-l USER] HOST COMMAND…").
std::string host_among(const std::vector<std::string>& arguments);

}  // namespace mw::mpi
