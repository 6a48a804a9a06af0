// Scheduler: tasks that are for some workers only: for one by its name, for those that have what the task
// needs, or both.
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

void Scheduler::heed_terms(bool heeds) {
  if (heeds == lanes_.heeds()) return;
  std::vector<Item*> bound;
  for (Item* item : waiting()) {
    if (!lanes_.is_for_some(*item)) continue;
    unqueue(*item);
    bound.push_back(item);
  }
  lanes_.heed(heeds);
  queue_in_order(bound);
}

std::vector<Item*> Scheduler::waiting_for(const LaneKey& key) const {
  const auto place = lanes_.all().find(key);
  return place == lanes_.all().end() ? std::vector<Item*>{} : place->second.all();
}

bool Scheduler::has_tasks_for(const std::string& name) const {
  const auto lane = lanes_.all().lower_bound(LaneKey{name, 0});
  return lane != lanes_.all().end() && lane->first.name == name;
}

std::size_t Scheduler::unnamed_count() const {
  std::size_t count = queues_.size();
  for (const auto& [key, lane] : lanes_.all()) {
    if (!key.name.empty()) break;  // those without a name are in front of all others
    count += lane.size();
  }
  return count;
}

WorkerId Scheduler::awaited_at_rest() const noexcept {
  if (resting_count_ == 0) return any_worker;
  const Item* first = nullptr;
  WorkerId awaited = any_worker;
  for (const auto& [key, lane] : lanes_.all()) {
    const Item* const item = lane.front();
    if (first && !goes_before(*item, *first)) continue;
    const auto named = by_name_.find(key.name);
    if (!key.name.empty() && named == by_name_.end()) continue;
    const Worker* at_rest = nullptr;
    bool all_rest = true;
    for (const Worker* worker : key.name.empty() ? classes_[key.needs].fits : named->second) {
      if (!has(*worker, key.needs)) continue;
      all_rest = all_rest && worker->rests;
      if (!at_rest && worker->rests) at_rest = worker;
    }
    if (!at_rest || !all_rest) continue;
    first = item;
    awaited = at_rest->id;
  }
  return awaited;
}

std::vector<LaneKey> Scheduler::missing() const {
  std::vector<LaneKey> keys;
  for (const auto& [key, lane] : lanes_.all())
    if (!is_served(key)) keys.push_back(key);
  return keys;
}

/// Whether there is a worker for these tasks, however busy it is. One that leaves still counts by its name: its
/// successor may have that.
bool Scheduler::is_served(const LaneKey& key) const {
  if (key.name.empty()) return !classes_[key.needs].fits.empty();
  const auto named = by_name_.find(key.name);
  if (named == by_name_.end()) return false;
  for (const Worker* worker : named->second)
    if (has(*worker, key.needs)) return true;
  return false;
}

std::optional<Assignment> Scheduler::next_named(Time now) {
  const auto named = first_named();
  return named ? std::optional{give(*named, now)} : std::nullopt;
}

/// The first of the tasks for one worker each whose worker has room for it.
std::optional<Assignment> Scheduler::first_named() {
  std::optional<Assignment> first;
  // Those without a name are in front of all others.
  for (auto lane = lanes_.all().lower_bound(LaneKey{std::string(1, '\0'), 0}); lane != lanes_.all().end(); ++lane) {
    Item* const item = lane->second.front();
    if (first && !goes_before(*item, *first->item)) continue;
    if (const Worker* worker = place_for(lane->first, *item)) first = Assignment{item, worker->id};
  }
  return first;
}

/// The least loaded worker of this name, if one has room, and what the task needs.
Scheduler::Worker* Scheduler::place_for(const LaneKey& key, const Item& item) {
  const auto named = by_name_.find(key.name);
  if (named == by_name_.end()) return nullptr;
  Worker* best = nullptr;
  for (Worker* worker : named->second) {
    if (!has(*worker, key.needs)) continue;
    if (!worker->has_free_slot() && !(has_room(*worker) && may_wait_at(*worker, item))) continue;
    if (!best || worker->load() < best->load()) best = worker;
  }
  return best;
}

/// The first of the tasks with needs for which a worker has room. Those that fewer workers can run go first among equal
/// ones of priority.
std::optional<Assignment> Scheduler::first_needy(Time now) {
  std::optional<Assignment> first;
  std::size_t fits_first = 0;
  for (auto& [key, lane] : lanes_.all()) {
    if (!key.name.empty()) break;
    Item* const item = lane.front();
    const std::size_t fits = classes_[key.needs].fits.size();
    if (first) {
      if (item->priority < first->item->priority) continue;
      if (item->priority == first->item->priority && (fits > fits_first || (fits == fits_first && !is_older(*item, *first->item))))
        continue;
    }
    if (const auto choice = first_of_lane(lane, key.needs, now)) {
      first = choice;
      fits_first = fits;
    }
  }
  return first;
}

std::optional<Assignment> Scheduler::first_of_lane(Queues& lane, NeedsClass needs, Time now) {
  const Class& those = classes_[needs];
  if (Item* const early = due_early(lane, those.slots, now)) {
    if (const Worker* worker = find_place(*early, needs, now)) return Assignment{early, worker->id};
    // It needs a free slot, and there will be one as soon as nothing more is put behind what workers run.
    bool any_is_free = false;
    for (const Worker* worker : those.fits) any_is_free = any_is_free || worker->has_free_slot();
    if (!any_is_free) return std::nullopt;
  }
  const Worker* const worker = find_place(*lane.front(), needs, now);
  return worker ? std::optional{Assignment{lane.front(), worker->id}} : std::nullopt;
}

/// Whether a task with needs goes before one that any worker may have: it has the higher priority, or there are workers
/// for the other one that cannot run it; else the older one does.
bool Scheduler::goes_before_plain(const Assignment& needy, const Item& plain) const {
  const Item& item = *needy.item;
  if (item.priority != plain.priority) return item.priority > plain.priority;
  return classes_[lanes_.terms_of(item).needs].is_scarce || is_older(item, plain);
}

std::optional<Assignment> Scheduler::next_of_lanes_and_all(Time now) {
  const auto named = first_named();
  auto needy = first_needy(now);
  const Item* const plain = queues_.front();
  const bool named_goes = named && (!plain || goes_before(*named->item, *plain));
  const bool needy_goes = needy && (!plain || goes_before_plain(*needy, *plain));
  if (!named_goes && !needy_goes)
    if (auto other = next_of_all(now)) return other;
  // Nothing is put behind what a worker runs while one of a higher priority waits for its slot.
  if (needy && plain && needy->item->priority < plain->priority && !find(needy->worker)->has_free_slot()) needy.reset();
  if (!named && !needy) return std::nullopt;
  const bool takes_named = named_goes == needy_goes ? named && (!needy || goes_before(*named->item, *needy->item)) : named_goes;
  return give(takes_named ? *named : *needy, now);
}

}  // namespace mw::scheduler
