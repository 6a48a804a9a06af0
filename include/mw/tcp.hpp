// The tcp interface: workers on other machines of a network, which come and go.
//
// What:    this program listens at one port; nodes (`mw node`, on each machine) dial it, prove that they have the key,
//          get this program's worker build for their kind of machine, and lend their slots. All that goes between them
//          is encrypted. A node that is lost takes no task along: what it had runs elsewhere.
// Owner:   the master that it is given to.
// Threads: the master's loop.
// Use:
//     mw::Master master{mw::interface("tcp:listen=0.0.0.0:9470&key=cppmw.key")};    // and on each machine:
//     // mw node --key cppmw.key --connect HOST:9470
//     mw::Master master{mw::discover({.key = "cppmw.key", .slots = 8})};            // … mw node --key cppmw.key
//     mw::Master master{mw::interface("tcp:2")};                                    // to try it: a node on this machine
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <mw/interface.hpp>

namespace mw {

/// What a TcpInterface may be told.
struct TcpOptions {
  /// "ADDRESS:PORT" or "[ADDRESS]:PORT" to listen at; port 0: any that is free. Empty: with a key, a free port on every
  /// network, where nodes find it by `discovery`; without one, a free port of this machine's loopback address, for the
  /// local node alone.
  std::string listen = {};
  /// A file with the key, which `mw keygen` makes, and which nobody else may read. Needed where `listen` is given.
  std::string key = {};
  /// Whether nodes on the same network find this master by themselves: empty: yes, by the usual multicast groups at UDP
  /// port 9470; "no"; "PORT", those groups at another port; "GROUP:PORT" or "[GROUP]:PORT", another group.
  std::string discovery = {};
  /// How many slots a node of our own has, on this machine, for as long as the master lives; 0 to 4,096. 0 where
  /// `listen` or `key` is given: no such node; else: as many as this process may use cores.
  unsigned local_slots = 0;
  /// Machines that nodes are started on by ssh, for as long as the master lives: "pi1", "ada@pi1", with ":4" for four
  /// slots, else one a core. They need mw in the PATH of who logs in, and a login without a password.
  std::vector<std::string> ssh_hosts = {};
  /// Nodes as jobs of Slurm's, one a job, from `slurm_least` to `slurm_most` at a time, up to 4,096: more are submitted
  /// while tasks wait and no job does, and those go that are not needed. All are cancelled when the master ends. They
  /// have a key of their own, so that none need be given. 0: none. Their slots are the cores that Slurm gives the job.
  unsigned slurm_least = 0;
  unsigned slurm_most = 0;
  /// For sbatch: "--partition=short", each as one word.
  std::vector<std::string> slurm_options = {};
  /// A folder that the nodes see, too. Their key lies there, for this user's eyes only, instead of in the jobs' script,
  /// and what they print. Empty: none, and what they print is lost.
  std::string slurm_folder = {};
  /// A node beyond `slurm_least` goes when it had nothing to do for so long.
  std::chrono::milliseconds slurm_idle{60'000};
  /// How long sbatch, squeue and scancel may take. One that does not answer is asked again.
  std::chrono::milliseconds slurm_timeout{30'000};
  /// How many slots all nodes will have together, about: programs cut their work by it. 0: 16, or as many as the local
  /// node has, or one for each of the least jobs.
  unsigned expected = 0;
  /// With this other than 0, `expected` slots must be there within that time, or the interface fails, and says how
  /// many there are, and for each node that is known and has not joined, why.
  std::chrono::milliseconds join_within{0};
  /// The folder with the worker builds, one for each platform; empty: "workers" beside this program. For nodes of this
  /// program's own platform there need be none: they get this program's file.
  std::string workers = {};
  /// How long a node may be silent before it counts as lost.
  std::chrono::milliseconds lost_after{10'000};
  /// How many threads a task should use, up to 65,536 (OMP_NUM_THREADS in the workers); 0: a node's cores ÷ its slots.
  unsigned threads = 0;
  /// What each slot of the local node has, for tasks with needs; other nodes say so themselves (mw node --gpus, …).
  Shares shares = {};
  /// A program whose functions are called by name (mw::Remote), which nodes get instead of this one: a Python file,
  /// which is sent with what it needs of CppMW, or an executable file. Nodes need python3 for the first. Empty: this
  /// program.
  std::string worker = {};
};

/// start() throws InterfaceError if the port or the key cannot be used. See interfaces/tcp/README.md for what can fail.
class TcpInterface : public InterfaceHandle {
 public:
  /// How many slots the local node may have, and how many may be expected.
  static constexpr unsigned max_slots = 4'096;

  /// Throws UsageError for options that make no sense.
  explicit TcpInterface(TcpOptions options = {});
  /// From what follows "tcp" in an interface's name: ":2", ":listen=0.0.0.0:9470&key=FILE", ":8?key=…". The number is
  /// that of local slots, or, where `listen` or `key` is given, of those that are expected. Keys: listen, key,
  /// discovery, local, launch, slurm_options, slurm_folder, slurm_idle_s, slurm_timeout_s, join_within_s, workers,
  /// lost_after_s, threads, worker, and, of the local node, cores, memory, gpus, label. Throws UsageError, which says
  /// what would be right.
  static TcpInterface from_text(std::string_view text);
};

/// What discover() goes by.
struct DiscoverOptions {
  std::string key = {};                      ///< the key file: nodes that have it, or a key made of it, are those meant
  unsigned slots = 1;                        ///< how many must be there, 1 to 4,096 …
  std::chrono::milliseconds within{10'000};  ///< … within that time, else the interface fails and says why
  std::string discovery = {};                ///< see TcpOptions
};

/// The nodes of this network (`mw node --key FILE` on each machine): an interface to which they come by themselves, as
/// many as there are, and more later. Work starts with the first slot. When fewer than `slots` are there in time,
/// whoever waits gets an InterfaceError that says how many are, and why others have not joined.
///
///     mw::Master master{mw::discover({.key = "cppmw.key", .slots = 8, .within = 10s})};
///
/// Throws UsageError for options that make no sense.
TcpInterface discover(const DiscoverOptions& options);

}  // namespace mw
