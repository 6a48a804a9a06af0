// fork and exec, with a child that only makes system calls.
//
// What:    launch() starts a Command and returns its process number; find_program() says what it would run.
// Owner:   the caller must reap the process.
// Threads: any; see Child about the death signal.
// Use:
//     const pid_t pid = launch(command);
//
// Boost.Process v2 (1.81) has launchers, but between fork and exec its default one re-creates the io_context's reactor
// (which takes locks that another thread may hold at the fork), leaves exit handlers to run in a child that failed to
// exec, and leaves that child a zombie. A master has several threads, so the child here makes system calls only.
#pragma once

#include "process/child.hpp"

namespace mw::process {

/// Throws StartError if the executable is not found or cannot be run. A child's end can be asked for only where SIGCHLD
/// is not ignored (wait(2)): if it is, its action becomes the default one; a handler stays.
pid_t launch(const Command& command);

/// The program that a Command with this path runs: with a '/' this one, else the first of this name in PATH. Empty if
/// there is none that this user can run.
std::string find_program(const std::string& path);

}  // namespace mw::process
