// How many objects (Master::create) each worker has.
//
// What:    says which worker is to get the next one: of those that are there, the one with the fewest.
// Owner:   the master and each object's handles share it.
// Threads: any.
// Use:
//     places.add(worker, +1);  …  const std::string worker = places.choose(workers);
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <mw/status.hpp>

namespace mw::detail {

class ObjectPlaces {
 public:
  void add(const std::string& worker, int more) {
    std::lock_guard lock{mutex_};
    const auto place = objects_.try_emplace(worker, 0).first;
    if ((place->second += more) == 0) objects_.erase(place);
  }

  bool has_any(const std::string& worker) const {
    std::lock_guard lock{mutex_};
    return objects_.contains(worker);
  }

  /// The first one among equals that meet the needs; empty where no such worker is there.
  std::string choose(const std::vector<WorkerStatus>& workers, const Needs& needs) const {
    std::lock_guard lock{mutex_};
    const std::string* best = nullptr;
    int least = 0;
    for (const WorkerStatus& worker : workers) {
      if (worker.state != WorkerState::idle && worker.state != WorkerState::busy) continue;
      if (!meets(worker.resources, needs)) continue;
      const int count = count_of(worker.name);
      if (best && count >= least) continue;
      best = &worker.name;
      least = count;
    }
    return best ? *best : std::string{};
  }

 private:
  /// Objects know the process that they are in: "multicore worker 3 (process 2)".
  int count_of(const std::string& worker) const {
    int count = 0;
    for (auto place = objects_.lower_bound(worker); place != objects_.end() && place->first.starts_with(worker); ++place)
      if (place->first.size() == worker.size() || place->first.compare(worker.size(), 2, " (") == 0) count += place->second;
    return count;
  }

  mutable std::mutex mutex_;
  std::map<std::string, int> objects_;
};

}  // namespace mw::detail
