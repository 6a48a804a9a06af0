// All that a master starts nodes by.
//
// What:    nodes that it starts itself, here or by ssh, and jobs of Slurm's: which are missing, their end.
// Owner:   owns the launchers.
// Threads: the master's loop.
// Use:
//     Launches launches;
//     launches.start(host, StartedNode::here("127.0.0.1:9470", key, 2));    // throws InterfaceError
//     launches.start(user, SlurmJobs::Plan{…});
//     launches.stop([] { … });
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tcp/launch/launch_user.hpp"
#include "tcp/launch/slurm.hpp"
#include "tcp/launch/started_node.hpp"

namespace mw::tcp {

class Launches {
 public:
  void start(InterfaceHost& host, StartedNode::Plan plan) {
    nodes_.push_back(std::make_unique<StartedNode>(host, std::move(plan)));
  }
  void start(LaunchUser& user, SlurmJobs::Plan plan) { jobs_.emplace(user, std::move(plan)); }

  /// The key of a node that has one of this run's; nothing if it is none of those.
  std::optional<net::Key> key_for(std::string_view node) const;
  /// Those that have not joined, and why: "the node on pi1", "Slurm's job 12_0".
  std::vector<std::pair<std::string, std::string>> missing(const LaunchUser& user) const;
  /// Whether a node on this machine or another has ended so often, before it had joined, that it will again.
  bool ends_again_and_again() const;
  void add_to(StatusMap& status) const;
  /// Notes which nodes have joined, and have to be told that their master ends before stop().
  void prepare_stop(const LaunchUser& user);
  /// Ends them, and calls `stopped` when all have.
  void stop(std::function<void()> stopped);

 private:
  void one_stopped();

  std::vector<std::unique_ptr<StartedNode>> nodes_;
  std::optional<SlurmJobs> jobs_;
  std::vector<bool> were_told_;
  std::size_t running_ = 0;  ///< at the end
  std::function<void()> stopped_;
};

}  // namespace mw::tcp
