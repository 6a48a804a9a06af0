// What a rank is told at its start.
//
// What:    what the master put into the environment.
// Owner:   values.
// Threads: any, before others run.
// Use:
//     const Start start = read_start();                     // throws InterfaceError
//     UniqueFd socket = net::dial(start.addresses, magic, start.key);
#pragma once

#include <chrono>
#include <string>

#include "net/key_proof.hpp"
#include "process/unique_fd.hpp"

namespace mw::mpi {

struct Start {
  std::string addresses;  ///< where the master listens: see net/acceptor.hpp
  net::Key key{};
  std::string place;     ///< the master's process::own_place()
  std::string probe;     ///< "pid descriptor inode": a file of the master's, to see whether its descriptors can be opened
  std::string program;   ///< what the workers run
  std::string name;      ///< … and its argv[0]
  std::string folder;    ///< the master's working directory
  std::string peers;     ///< names of some of the hosts, with ' ' between them
  unsigned threads = 0;  ///< that a task should use; 0: not said
  std::chrono::milliseconds lost_after{10'000};  ///< how long a rank may be silent
};

/// Reads and removes it. Throws InterfaceError if this process was not started by a master.
Start read_start();

/// Whether memory can be shared with the master: it is on this machine, and its probe can be opened.
bool shares_memory(const Start& start);

/// The workers' program, as it is now: what is put in its place later is another build. Where the master's memory can
/// be reached, it is the very file that the master runs. Empty if it cannot be opened: whoever starts it says why.
process::UniqueFd open_program(const Start& start, bool shares_memory);

}  // namespace mw::mpi
