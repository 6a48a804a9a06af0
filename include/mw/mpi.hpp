// The mpi interface: workers on a cluster, through MPICH.
//
// What:    starts mpiexec once, for a manager and N workers. This program is no MPI program and links no MPI: the ranks
//          are a program of their own (mw_mpi_rank), and each worker runs this program as a child of its rank.
// Owner:   the master that it is given to.
// Threads: the master's loop.
// Use:
//     mw::Master master{mw::MpiInterface{{.workers = 62, .hostfile = "hosts"}}};     // or mw::interface("mpi:62?hostfile=hosts")
//     mw::Master master{mw::interface("mpi:?hosts=pi1:4,pi2:4")};                    // one a slot: 8
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <mw/interface.hpp>

namespace mw {

/// What an MpiInterface may be told.
struct MpiOptions {
  /// How many workers, 1 to 4,096. 0: one for each slot of the hosts; without hosts, one less than the tasks of the
  /// Slurm allocation that this program runs in; without that, as many as this process may use cores.
  unsigned workers = 0;
  /// "name" or "name:slots", with "user@" in front if need be. Empty: this machine, or what Slurm has allocated.
  std::vector<std::string> hosts = {};
  /// A file with such names, one a line, or in Open MPI's form ("name slots=4"); '#' begins a comment.
  std::string hostfile = {};
  /// How mpiexec reaches other hosts: "ssh", "fork", "slurm", …; empty: its own choice.
  std::string launcher = {};
  /// Empty: mpiexec.mpich, or mpiexec.hydra, in PATH.
  std::string mpiexec = {};
  /// The host that the manager runs on. Empty: this machine, or, under Slurm, where Slurm puts it.
  std::string manager = {};
  /// The program of the ranks, under the same path on every host. Empty: mw_mpi_rank beside this program, or where
  /// CppMW was built.
  std::string rank_program = {};
  /// Whether large payloads go through shared memory, and data files are not sent, where ranks run on this machine.
  bool local_memory = true;
  /// How long all ranks together may take to start.
  std::chrono::milliseconds start_limit{120'000};
  /// How long a rank may be silent before it counts as lost. A rank that dies is noticed at once; this is for hosts
  /// that fall off the network.
  std::chrono::milliseconds lost_after{10'000};
  /// How often the job is started anew after mpiexec has ended, as it does when a host that it has a rank on goes down.
  /// Hosts that can no longer be reached are left out; what was running is queued again.
  unsigned restarts = 2;
  /// How many threads a task should use, up to 65,536: what OMP_NUM_THREADS says in the workers, which OpenMP, OpenBLAS
  /// and MKL go by. 0: what it says in the ranks' environment; if nothing, the host's cores ÷ the workers on it, at
  /// least 1.
  unsigned threads = 0;
};

/// mpiexec is started by start(), not here: it throws InterfaceError if there is no mpiexec, or no program for the
/// ranks. What goes wrong later is an interface_failed(). See interfaces/mpi/README.md for what can fail.
class MpiInterface : public InterfaceHandle {
 public:
  /// How many there may be.
  static constexpr unsigned max_workers = 4'096;

  /// Throws UsageError for options that make no sense, and for a host file that cannot be read.
  explicit MpiInterface(MpiOptions options = {});
  /// From what follows "mpi" in an interface's name: "", ":8", ":8?hosts=a,b:4&launcher=ssh". Keys: hosts, hostfile,
  /// launcher, mpiexec, manager, rank_program, memory (on or off), start_limit_s, lost_after_s, restarts, threads.
  /// Throws UsageError, which says what would be right.
  static MpiInterface from_text(std::string_view text);

  /// How many workers the job has.
  unsigned workers() const noexcept { return expected_slots(); }
};

}  // namespace mw
