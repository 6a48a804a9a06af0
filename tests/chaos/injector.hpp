// Strikes at processes that this one has started.
//
// What:    a thread that kills, crashes or stops a worker, a rank, a manager, mpiexec, a volunteer or a node, chosen at
//          random.
// Owner:   a thread of its own; refers to the tally.
// Threads: main()'s.
// Use:
//     Injector injector{{Fault::kill, Fault::stop}, {Target::worker}, seed, tally};  …  injector.finish();
#pragma once

#include <atomic>
#include <cstdint>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "chaos/tally.hpp"

namespace chaos {

enum class Fault : std::uint8_t { kill, segv, stop };
enum class Target : std::uint8_t { worker, rank, mpiexec, volunteer, node };

class Injector {
 public:
  Injector(std::vector<Fault> faults, std::vector<Target> targets, std::uint64_t seed, Tally& tally);
  /// No more strikes from now on; whoever is stopped goes on.
  void finish();
  ~Injector();

 private:
  void run();
  void strike();
  Target choose_target();

  const std::vector<Fault> faults_;
  const std::vector<Target> targets_;
  std::mt19937_64 random_;
  Tally& tally_;
  std::atomic<bool> over_{false};
  std::thread thread_;
};

/// The processes that descend from this one, of a kind.
std::vector<int> processes_of(Target target);

}  // namespace chaos
