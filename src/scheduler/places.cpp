// Scheduler: which worker has room for a task.
//
// Workers with room stand in rooms, by their load: the first one that takes the task is the least loaded. Special ones
// have rooms of their own, behind those of others with the same load.
#include <algorithm>
#include <cstdint>
#include <utility>

#include "scheduler/scheduler.hpp"

namespace mw::scheduler {

/// The least loaded worker that has room for it, and what it needs; null if there is none.
Scheduler::Worker* Scheduler::find_place(const Item& item, NeedsClass needs, Time now) {
  if (policy_.placement == Placement::round_robin) return find_place_in_turn(item, needs);
  if (needs != 0 && 4 * classes_[needs].fits.size() < workers_.size()) return find_place_among_few(item, needs, now);
  const std::size_t loads = std::max(rooms_.size(), special_rooms_.size());
  const auto is_empty = [](const Rooms& rooms, std::size_t load) { return load >= rooms.size() || rooms[load].empty(); };
  while (least_load_ < loads && is_empty(rooms_, least_load_) && is_empty(special_rooms_, least_load_)) ++least_load_;
  for (std::size_t load = least_load_; load < loads; ++load)
    for (Rooms* rooms : {&rooms_, &special_rooms_}) {
      if (is_empty(*rooms, load)) continue;
      auto& room = (*rooms)[load];
      for (auto place = room.rbegin(); place != room.rend(); ++place) {
        Worker& worker = **place;
        if (!has(worker, needs)) continue;
        if (is_place(worker, item, needs, now)) return &worker;
        // None of those that follow has a free slot.
        if (load >= most_slots_ && !takes(worker, item)) return nullptr;
      }
    }
  return nullptr;
}

/// The same where few of many workers have what it needs.
Scheduler::Worker* Scheduler::find_place_among_few(const Item& item, NeedsClass needs, Time now) {
  const auto rank = [](const Worker& worker) { return std::pair{worker.load(), worker.is_special}; };
  Worker* best = nullptr;
  for (Worker* worker : classes_[needs].fits)
    if ((!best || rank(*worker) < rank(*best)) && is_place(*worker, item, needs, now)) best = worker;
  return best;
}

/// Each in turn: the next worker behind the last one that has a free slot; without one, the next that may keep it.
Scheduler::Worker* Scheduler::find_place_in_turn(const Item& item, NeedsClass needs) {
  Worker *next = nullptr, *next_behind = nullptr;
  const auto turn_of = [this](const Worker& worker) { return index_of(worker.id) - last_turn_ - 1; };  // wraps
  for (const Rooms* rooms : {&rooms_, &special_rooms_})
    for (const auto& room : *rooms)
      for (Worker* worker : room) {
        if (!has(*worker, needs) || !takes(*worker, item)) continue;
        if (!worker->has_free_slot() && is_wanted(*worker, item, needs)) continue;
        Worker*& best = worker->has_free_slot() ? next : next_behind;
        if (!best || turn_of(*worker) < turn_of(*best)) best = worker;
      }
  return next ? next : next_behind;
}

/// Whether it may go to this worker, which has what it needs, now.
bool Scheduler::is_place(const Worker& worker, const Item& item, NeedsClass needs, Time now) {
  if (!takes(worker, item)) return false;
  // Nothing is put behind what this worker runs where that place is wanted.
  if (!worker.has_free_slot() && is_wanted(worker, item, needs)) return false;
  const bool is_left = is_better_left(worker, item, needs, now);
  holds_back_ = holds_back_ || is_left;
  return !is_left;
}

/// Whether it has room for a task of this length.
bool Scheduler::takes(const Worker& worker, const Item& item) const noexcept {
  return worker.has_free_slot() || (worker.bucket_position != SIZE_MAX && may_wait_at(worker, item));
}

void Scheduler::enter_room(Worker& worker) {
  if (!has_room(worker)) {
    worker.bucket_position = SIZE_MAX;
    return;
  }
  Rooms& rooms = rooms_of(worker);
  if (rooms.size() <= worker.load()) rooms.resize(worker.load() + 1);
  auto& room = rooms[worker.load()];
  least_load_ = std::min<std::size_t>(least_load_, worker.load());
  worker.bucket_position = room.size();
  room.push_back(&worker);
}

/// Its place is not said anew: it enters another room, or goes.
void Scheduler::leave_room(Worker& worker) {
  if (worker.bucket_position == SIZE_MAX) return;
  auto& room = rooms_of(worker)[worker.load()];
  room.back()->bucket_position = worker.bucket_position;
  room[worker.bucket_position] = room.back();
  room.pop_back();
}

}  // namespace mw::scheduler
