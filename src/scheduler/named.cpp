// Scheduler: tasks that are for one worker each.
#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/scheduler.hpp"

namespace mw::scheduler {

void Scheduler::queue_in_order(const std::vector<Item*>& items) {
  if (items.empty()) return;
  std::map<Queues*, std::vector<Item*>> by_queue;
  for (Item* item : items) by_queue[&queue_of(*item)].push_back(item);
  for (auto& [queue, those] : by_queue) queue->insert_in_order(std::move(those));
}

void Scheduler::heed_names(bool heeds) {
  if (heeds == lanes_.heeds()) return;
  std::vector<Item*> named;
  for (Item* item : waiting()) {
    if (!lanes_.is_named(*item)) continue;
    unqueue(*item);
    named.push_back(item);
  }
  lanes_.heed(heeds);
  queue_in_order(named);
}

std::vector<Item*> Scheduler::waiting_for(const std::string& name) const {
  const auto place = lanes_.all().find(name);
  return place == lanes_.all().end() ? std::vector<Item*>{} : place->second.all();
}

std::vector<std::string> Scheduler::missing_names() const {
  std::vector<std::string> names;
  for (const auto& [name, lane] : lanes_.all())
    if (!by_name_.contains(name)) names.push_back(name);
  return names;
}

WorkerId Scheduler::awaited_at_rest() const noexcept {
  if (resting_count_ == 0) return any_worker;
  const Item* first = nullptr;
  WorkerId awaited = any_worker;
  for (const auto& [name, lane] : lanes_.all()) {
    const Item* const item = lane.front();
    const auto named = by_name_.find(name);
    if (named == by_name_.end() || (first && !goes_before(*item, *first))) continue;
    const auto& workers = named->second;
    if (!std::all_of(workers.begin(), workers.end(), [](const Worker* one) { return one->rests; })) continue;
    first = item;
    awaited = workers.front()->id;
  }
  return awaited;
}

std::optional<Assignment> Scheduler::next_named(Time now) {
  const auto named = first_named();
  return named ? std::optional{give(*named, now)} : std::nullopt;
}

/// The first of the tasks whose workers have room for them.
std::optional<Assignment> Scheduler::first_named() {
  std::optional<Assignment> first;
  for (const auto& [name, lane] : lanes_.all()) {
    Item* const item = lane.front();
    if (first && !goes_before(*item, *first->item)) continue;
    if (const Worker* worker = place_for(name, *item)) first = Assignment{item, worker->id};
  }
  return first;
}

/// The least loaded worker of this name, if one has room.
Scheduler::Worker* Scheduler::place_for(const std::string& name, const Item& item) {
  const auto named = by_name_.find(name);
  if (named == by_name_.end()) return nullptr;
  Worker* best = nullptr;
  for (Worker* worker : named->second) {
    if (!worker->has_free_slot() && !(has_room(*worker) && may_wait_at(*worker, item))) continue;
    if (!best || worker->load() < best->load()) best = worker;
  }
  return best;
}

}  // namespace mw::scheduler
