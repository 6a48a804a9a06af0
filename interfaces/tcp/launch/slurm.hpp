// Nodes as jobs of Slurm's.
//
// What:    submits them, asks how they fare, cancels them, by sbatch, squeue and scancel. What is wanted a Fleet says;
//          where, when and in what order they run is Slurm's business. One command at a time, each with a time limit.
//          All jobs of a master have one name, which no other has: by that they are found even if Slurm's answer to a
//          submission was lost. They have a key of their own, which is worth nothing when this run is over.
// Owner:   owns the command that runs, and a key file where there is one.
// Threads: the master's loop.
// Use:
//     SlurmJobs jobs{user, {.fleet = {.least = 1, .most = 20}, .master = "lab:9470"}};      // throws InterfaceError
//     jobs.stop([] { … });
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/key_file.hpp"
#include "tcp/launch/fleet.hpp"
#include "tcp/launch/launch_user.hpp"

namespace mw::tcp {

class SlurmJobs {
 public:
  struct Plan {
    Fleet::Terms fleet;
    std::string master;                         ///< the address that nodes dial
    std::vector<std::string> options = {};      ///< for sbatch
    std::string folder = {};                    ///< one that the nodes see, too: for the key and what they print; empty: none
    std::chrono::milliseconds timeout{30'000};  ///< of one command
  };
  /// Whether this machine has Slurm's commands. Throws InterfaceError.
  SlurmJobs(LaunchUser& user, Plan plan);
  ~SlurmJobs();

  const net::KeyFile& key() const noexcept;
  /// Whose nodes are not there, and why.
  std::vector<std::pair<std::string, std::string>> missing() const;
  void add_to(StatusMap& status) const;
  /// Cancels them all; then calls `stopped`, however Slurm answers, after some seconds at most.
  void stop(std::function<void()> stopped);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace mw::tcp
