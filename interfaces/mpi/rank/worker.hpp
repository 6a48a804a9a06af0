// Ranks 1 and up: an agent each, fed through MPI.
//
// What:    runs until the manager says quit, or was silent for so long that this host must be cut off.
// Owner:   owns the agent.
// Threads: one.
// Use:
//     WorkerRank{io, world, std::move(options)}.run();      // then world.leave()
#pragma once

#include "agent/agent.hpp"
#include "mpi/rank/world.hpp"
#include "process/timer.hpp"

namespace mw::mpi {

class WorkerRank {
 public:
  WorkerRank(boost::asio::io_context& io, World& world, agent::AgentOptions options, std::chrono::milliseconds orphaned_after);
  void run();

 private:
  using Clock = std::chrono::steady_clock;
  void from_manager(Tag tag, std::span<const std::byte> bytes);
  void send_output();
  void beat();
  void quit();

  boost::asio::io_context& io_;
  World& world_;
  agent::Agent agent_;
  World::Handler handler_;
  const std::chrono::milliseconds orphaned_after_;
  Clock::time_point heard_ = Clock::now();
  Clock::time_point told_ = Clock::now();
  Clock::time_point beaten_ = Clock::now();
  process::Timer timer_;
  bool quits_ = false;
  bool is_over_ = false;
};

}  // namespace mw::mpi
