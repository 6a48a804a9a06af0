#include "scheduler/scheduler.hpp"

#include <cassert>

namespace mw::scheduler {

void ItemList::push_back(Item& item) noexcept {
  item.next = nullptr;
  item.previous = last_;
  (last_ ? last_->next : first_) = &item;
  last_ = &item;
  ++size_;
}

void ItemList::push_front(Item& item) noexcept {
  item.previous = nullptr;
  item.next = first_;
  (first_ ? first_->previous : last_) = &item;
  first_ = &item;
  ++size_;
}

void ItemList::remove(Item& item) noexcept {
  (item.previous ? item.previous->next : first_) = item.next;
  (item.next ? item.next->previous : last_) = item.previous;
  item.next = item.previous = nullptr;
  --size_;
}

void Scheduler::submit(Item& item) {
  assert(item.schedule == ItemState::idle);
  item.schedule = ItemState::queued;
  queue_.push_back(item);
}

void Scheduler::worker_joined(WorkerId worker, std::uint32_t capacity) {
  assert(worker != any_worker && capacity > 0);
  auto [place, is_new] = workers_.try_emplace(index_of(worker), Worker{worker, capacity, 0, {}});
  assert(is_new);
  if (is_new) enter_room(place->second);
}

void Scheduler::worker_left(WorkerId worker) {
  auto place = workers_.find(index_of(worker));
  if (place == workers_.end()) return;
  Worker& gone = place->second;
  if (gone.has_room()) leave_room(gone);
  if (gone.load() != 0) --busy_count_;
  // Newest first to the front of the queue, so that the oldest ends up as the very first.
  std::vector<Item*> items;
  for (Item* item = gone.items.front(); item; item = item->next) items.push_back(item);
  for (auto item = items.rbegin(); item != items.rend(); ++item) {
    gone.items.remove(**item);
    --assigned_count_;
    (*item)->schedule = ItemState::queued;
    (*item)->worker = any_worker;
    queue_.push_front(**item);
  }
  workers_.erase(place);
}

std::optional<Assignment> Scheduler::next() {
  if (queue_.empty()) return std::nullopt;
  for (auto& room : rooms_) {
    if (room.empty()) continue;
    Worker& worker = *room.back();
    Item& item = *queue_.front();
    queue_.remove(item);
    put(item, worker);
    return Assignment{&item, worker.id};
  }
  return std::nullopt;
}

void Scheduler::assign_front(WorkerId worker) {
  Item& item = *queue_.front();
  queue_.remove(item);
  auto place = workers_.find(index_of(worker));
  if (place != workers_.end()) {
    put(item, place->second);
    return;
  }
  item.schedule = ItemState::assigned;
  item.worker = worker;
  ++item.attempt;
  ++assigned_count_;
  elsewhere_.push_back(item);
}

void Scheduler::finished(Item& item) {
  take_off(item);
  item.schedule = ItemState::done;
}

Verdict Scheduler::lost(Item& item) {
  take_off(item);
  if (++item.losses > policy_.max_losses) {
    item.schedule = ItemState::done;
    return Verdict::give_up;
  }
  item.schedule = ItemState::queued;
  queue_.push_front(item);
  return Verdict::run_again;
}

void Scheduler::withdraw(Item& item) {
  if (item.schedule == ItemState::queued)
    queue_.remove(item);
  else
    take_off(item);
  item.schedule = ItemState::done;
}

std::vector<Item*> Scheduler::waiting() const {
  std::vector<Item*> items;
  for (Item* item = queue_.front(); item; item = item->next) items.push_back(item);
  return items;
}

std::vector<Item*> Scheduler::assigned() const {
  std::vector<Item*> items;
  for (Item* item = elsewhere_.front(); item; item = item->next) items.push_back(item);
  for (const auto& [id, worker] : workers_)
    for (Item* item = worker.items.front(); item; item = item->next) items.push_back(item);
  return items;
}

void Scheduler::enter_room(Worker& worker) {
  if (rooms_.size() <= worker.load()) rooms_.resize(worker.load() + 1);
  auto& room = rooms_[worker.load()];
  worker.bucket_position = room.size();
  room.push_back(&worker);
}

void Scheduler::leave_room(Worker& worker) {
  auto& room = rooms_[worker.load()];
  room.back()->bucket_position = worker.bucket_position;
  room[worker.bucket_position] = room.back();
  room.pop_back();
}

void Scheduler::put(Item& item, Worker& worker) {
  if (worker.has_room()) leave_room(worker);
  if (worker.load() == 0) ++busy_count_;
  item.schedule = ItemState::assigned;
  item.worker = worker.id;
  ++item.attempt;
  ++assigned_count_;
  worker.items.push_back(item);
  if (worker.has_room()) enter_room(worker);
}

void Scheduler::take_off(Item& item) {
  assert(item.schedule == ItemState::assigned);
  --assigned_count_;
  auto place = workers_.find(index_of(item.worker));
  item.worker = any_worker;
  if (place == workers_.end()) {
    elsewhere_.remove(item);
    return;
  }
  Worker& worker = place->second;
  if (worker.has_room()) leave_room(worker);
  worker.items.remove(item);
  if (worker.load() == 0) --busy_count_;
  if (worker.has_room()) enter_room(worker);
}

}  // namespace mw::scheduler
