// Scheduler: what tasks need, and which workers have it.
//
// Equal needs are one class, which has a number. Whether a worker meets a class is found out once, when the later of
// the two comes. A class is scarce while some worker that takes tasks does not meet it; a worker that meets such a
// class, or has a GPU, is special: tasks that do not need it go to others first.
#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

#include "scheduler/scheduler.hpp"

namespace mw::scheduler {

NeedsClass Scheduler::class_of(const Needs& needs) {
  if (needs.empty()) return 0;
  const auto [place, is_new] = class_numbers_.try_emplace(needs, static_cast<NeedsClass>(classes_.size()));
  if (!is_new) return place->second;
  assert(classes_.size() < std::numeric_limits<NeedsClass>::max());
  classes_.push_back({});
  for (auto& [id, worker] : workers_) judge(worker, needs);
  rate_classes();
  return place->second;
}

const Needs& Scheduler::needs_of(NeedsClass number) const {
  static const Needs none;
  for (const auto& [needs, its_number] : class_numbers_)
    if (its_number == number) return needs;
  return none;
}

/// Whether the worker meets the newest class.
void Scheduler::judge(Worker& worker, const Needs& needs) {
  worker.meets.push_back(meets(worker.resources, needs));
  if (worker.meets.back() && !worker.leaves) enter_class(worker, classes_.back());
}

void Scheduler::enter_class(Worker& worker, Class& those) {
  those.fits.push_back(&worker);
  those.slots += worker.capacity.slots;
  if (those.is_scarce) ++worker.scarce;
}

void Scheduler::rate(Worker& worker) noexcept { worker.is_special = worker.scarce != 0 || !worker.resources.gpus.empty(); }

/// The new worker's; it has no room yet.
void Scheduler::enter_classes(Worker& worker) {
  ++takers_;
  worker.meets.assign(classes_.size(), true);
  for (const auto& [needs, number] : class_numbers_) {
    worker.meets[number] = meets(worker.resources, needs);
    if (worker.meets[number]) enter_class(worker, classes_[number]);
  }
  rate(worker);
}

/// One that takes nothing more; it has no room.
void Scheduler::leave_classes(Worker& worker) {
  --takers_;
  for (std::size_t number = 1; number < classes_.size(); ++number) {
    if (!worker.meets[number]) continue;
    std::erase(classes_[number].fits, &worker);
    classes_[number].slots -= worker.capacity.slots;
  }
  worker.scarce = 0;
  rate(worker);
  rate_classes();
}

/// Workers or classes have come or gone.
void Scheduler::rate_classes() {
  for (std::size_t number = 1; number < classes_.size(); ++number) {
    Class& those = classes_[number];
    const bool is_scarce = those.fits.size() < takers_;
    if (is_scarce == std::exchange(those.is_scarce, is_scarce)) continue;
    for (Worker* worker : those.fits) {
      leave_room(*worker);
      is_scarce ? ++worker->scarce : --worker->scarce;
      rate(*worker);
      enter_room(*worker);
    }
  }
}

/// Whether tasks of no lower priority wait that fewer workers can run than those of `needs`, and this one can.
bool Scheduler::is_wanted(const Worker& worker, const Item& item, NeedsClass needs) const {
  if (lanes_.empty() || worker.scarce == 0) return false;
  const std::size_t fits = needs == 0 ? takers_ : classes_[needs].fits.size();
  for (const auto& [key, lane] : lanes_.all()) {
    if (!key.name.empty()) break;
    if (key.needs == needs || !worker.meets[key.needs] || classes_[key.needs].fits.size() >= fits) continue;
    if (lane.front()->priority >= item.priority) return true;
  }
  return false;
}

std::size_t Scheduler::waiting_with(NeedsClass needs) const {
  if (needs == 0) return queues_.size();
  const auto lane = lanes_.all().find(LaneKey{{}, needs});
  return lane == lanes_.all().end() ? 0 : lane->second.size();
}

bool Scheduler::is_met_by(NeedsClass number, WorkerId worker) const {
  const auto place = workers_.find(index_of(worker));
  return place != workers_.end() && has(place->second, number);
}

Resources Scheduler::resources_of(WorkerId worker) const {
  const auto place = workers_.find(index_of(worker));
  return place == workers_.end() ? Resources{} : place->second.resources;
}

std::vector<const Queues*> Scheduler::unnamed_queues() const {
  std::vector<const Queues*> queues;
  if (queues_.front()) queues.push_back(&queues_);
  for (const auto& [key, lane] : lanes_.all())
    if (key.name.empty()) queues.push_back(&lane);
  return queues;
}

}  // namespace mw::scheduler
