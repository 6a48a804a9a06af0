#include "scheduler/scheduler.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace mw::scheduler {
void Scheduler::submit(Item& item) {
  assert(item.schedule == ItemState::idle);
  item.order = ++last_order_;
  lanes_.note(item);
  queue_of(item).push_back(item);
}

void Scheduler::submit_again(Item& item) {
  assert(item.schedule == ItemState::idle);
  queue_of(item).push_front(item);
}

std::vector<Item*> Scheduler::waiting() const {
  std::vector<Item*> items = queues_.all();
  for (const auto& [key, lane] : lanes_.all())
    for (Item* item : lane.all()) items.push_back(item);
  return items;
}

void Scheduler::worker_joined(WorkerId worker, Capacity capacity, std::vector<std::string> names, Resources resources) {
  assert(worker != any_worker && capacity.slots > 0);
  auto [place, is_new] = workers_.try_emplace(index_of(worker));
  assert(is_new);
  if (!is_new) return;
  Worker& joined = place->second;
  joined.id = worker;
  joined.capacity = capacity;
  joined.names = std::move(names);
  joined.resources = std::move(resources);
  for (const std::string& name : joined.names) by_name_[name].push_back(&joined);
  most_slots_ = std::max(most_slots_, capacity.slots);
  slots_ += capacity.slots;
  far_count_ += joined.is_far();
  for (Item* item = elsewhere_.front(); item;) {
    Item& one = *std::exchange(item, item->next);
    if (one.worker != worker) continue;
    elsewhere_.remove(one);
    joined.items.push_back(one);
    expect(one, joined);
  }
  if (joined.load() != 0) ++busy_count_;
  note_ahead(joined);
  enter_classes(joined);
  enter_room(joined);
  rate_classes();
}

void Scheduler::worker_leaves(WorkerId id) {
  Worker* const worker = find(id);
  if (!worker || worker->leaves) return;
  leave_room(*worker);
  if (worker->takes_tasks()) slots_ -= worker->capacity.slots;
  worker->leaves = true;
  leave_classes(*worker);
  enter_room(*worker);
}

void Scheduler::worker_rests(WorkerId id, bool rests) {
  Worker* const worker = find(id);
  if (!worker || worker->rests == rests) return;
  leave_room(*worker);
  if (worker->takes_tasks()) slots_ -= worker->capacity.slots;
  worker->rests = rests;
  rests ? ++resting_count_ : --resting_count_;
  if (worker->takes_tasks()) slots_ += worker->capacity.slots;
  enter_room(*worker);
}

std::vector<Item*> Scheduler::worker_left(WorkerId worker) {
  if (worker == any_worker) return {};
  std::vector<Item*> items;
  const auto take = [&](ItemList& list, Item& item) {
    list.remove(item);
    --assigned_count_;
    item.worker = any_worker;
    items.push_back(&item);
  };
  const auto place = workers_.find(index_of(worker));
  if (place != workers_.end()) {
    Worker& gone = place->second;
    if (gone.takes_tasks()) slots_ -= gone.capacity.slots;
    if (gone.rests) --resting_count_;
    far_count_ -= gone.is_far();
    leave_room(gone);
    if (!gone.leaves) leave_classes(gone);
    ahead_.erase(&gone);
    if (gone.load() != 0) --busy_count_;
    while (Item* item = gone.items.front()) take(gone.items, *item);
    for (const std::string& name : gone.names) {
      const auto named = by_name_.find(name);
      std::erase(named->second, &gone);
      if (named->second.empty()) by_name_.erase(named);
    }
    workers_.erase(place);
  } else {
    for (Item* item = elsewhere_.front(); item;) {
      Item& one = *std::exchange(item, item->next);
      if (one.worker == worker) take(elsewhere_, one);
    }
  }
  queue_in_order(items);
  return items;
}

std::optional<Assignment> Scheduler::next(Time now) {
  holds_back_ = false;
  return lanes_.empty() ? next_of_all(now) : next_of_lanes_and_all(now);
}

Assignment Scheduler::give(const Assignment& choice, Time now) {
  unqueue(*choice.item);
  put(*choice.item, workers_.at(index_of(choice.worker)), now);
  return choice;
}

std::optional<Assignment> Scheduler::next_of_all(Time now) {
  if (!queues_.front()) return std::nullopt;
  if (Item* const early = due_early(queues_, slots_, now)) {
    if (auto choice = try_assign(*early, now)) return choice;
    // It needs a free slot, and there will be one as soon as nothing more is put behind what workers run.
    if (least_load_ >= most_slots_) return std::nullopt;
  }
  return try_assign(*queues_.front(), now);
}

std::optional<Assignment> Scheduler::try_assign(Item& item, Time now) {
  Worker* const worker = find_place(item, 0, now);
  if (!worker) return std::nullopt;
  queues_.remove(item);
  put(item, *worker, now);
  return Assignment{&item, worker->id};
}

void Scheduler::assign_front(WorkerId worker, Time now) { assign(*queues_.front(), worker, now); }

void Scheduler::assign(Item& item, WorkerId worker, Time now) {
  unqueue(item);
  const auto place = workers_.find(index_of(worker));
  if (place != workers_.end()) {
    put(item, place->second, now);
    return;
  }
  item.schedule = ItemState::assigned;
  item.worker = worker;
  item.change_attempt(+1);
  ++assigned_count_;
  elsewhere_.push_back(item);
}

std::vector<WorkerId> Scheduler::free_workers() const {
  std::vector<WorkerId> list;
  for (const Rooms* rooms : {&rooms_, &special_rooms_})
    for (const auto& room : *rooms)
      for (const Worker* worker : room)
        if (worker->has_free_slot()) list.push_back(worker->id);
  return list;
}

void Scheduler::finished(Item& item, Time now, Time run_time) {
  Worker* const worker = find(item.worker);
  if (run_time.count() > 0) {
    if (worker) learn_of_worker(*worker, item.kind, run_time);
    learn(item.kind, run_time);
  }
  take_off(item, worker, now);
  item.schedule = ItemState::done;
}

void Scheduler::detach(Item& item, Time now) {
  take_off(item, now);
  ++assigned_count_;
  elsewhere_.push_back(item);
}

Verdict Scheduler::lost(Item& item, Time now, std::uint32_t max_losses) {
  take_off(item, now);
  if (item.losses < Item::most_losses) item.losses = static_cast<std::uint8_t>(item.losses + 1) & Item::most_losses;
  if (item.losses > max_losses) {
    item.schedule = ItemState::done;
    return Verdict::give_up;
  }
  queue_of(item).push_front(item);
  return Verdict::run_again;
}

void Scheduler::again(Item& item, Time now) {
  take_off(item, now);
  queue_of(item).push_front(item);
}

void Scheduler::withdraw(Item& item, Time now) {
  if (item.schedule == ItemState::queued)
    unqueue(item);
  else
    take_off(item, now);
  item.schedule = ItemState::done;
}

void Scheduler::abandon(Item& item, Time now) {
  const WorkerId id = item.worker;
  take_off(item, now);
  item.schedule = ItemState::idle;
  const auto place = workers_.find(index_of(id));
  if (place == workers_.end()) return;
  Worker& worker = place->second;
  leave_room(worker);
  if (worker.load() == 0) ++busy_count_;
  ++worker.held;
  note_ahead(worker);
  enter_room(worker);
}

void Scheduler::release(WorkerId id) {
  const auto place = workers_.find(index_of(id));
  if (place == workers_.end() || place->second.held == 0) return;
  Worker& worker = place->second;
  leave_room(worker);
  --worker.held;
  if (worker.load() == 0) --busy_count_;
  note_ahead(worker);
  enter_room(worker);
}

std::vector<Assignment> Scheduler::overdue(Time now) {
  std::vector<Assignment> list;
  for (Worker* worker : ahead_) {
    if (!is_late(*worker, now)) continue;
    leave_room(*worker);
    worker->stalled = true;
    enter_room(*worker);
    // Newest first: taken back in this order, none can be begun while one that was sent before it is already back in
    // the queue.
    const auto running = worker->capacity.slots - std::min(worker->held, worker->capacity.slots);
    std::size_t behind = worker->items.size() - std::min<std::size_t>(running, worker->items.size());
    for (Item* item = worker->items.back(); behind > 0; --behind, item = item->previous) list.push_back({item, worker->id});
  }
  return list;
}

std::vector<Assignment> Scheduler::surplus() {
  std::vector<Assignment> list;
  if (queues_.size() != 0 || ahead_.empty()) return list;
  std::vector<Worker*> idle;
  for (const Rooms* rooms : {&rooms_, &special_rooms_})
    if (!rooms->empty()) idle.insert(idle.end(), rooms->front().begin(), rooms->front().end());
  if (idle.empty()) return list;
  std::vector<Worker*> loaded;
  // Short ones are not worth the way back.
  for (Worker* worker : ahead_)
    if (!worker->asked_back && worker->expected > horizon_of(*worker)) loaded.push_back(worker);
  std::sort(loaded.begin(), loaded.end(), [](const Worker* a, const Worker* b) { return a->expected > b->expected; });
  for (Worker* worker : loaded) {
    if (idle.empty()) break;
    const auto [item, taker] = last_to_give_up(*worker, idle);
    if (!item) continue;
    worker->asked_back = true;
    std::erase(idle, taker);
    list.push_back({item, worker->id});
  }
  return list;
}

/// The last of the tasks that lie ahead there and may go to one of the idle workers, and that one; null if there is
/// none.
std::pair<Item*, Scheduler::Worker*> Scheduler::last_to_give_up(const Worker& worker, const std::vector<Worker*>& idle) const {
  std::size_t behind = worker.load() - worker.capacity.slots;
  for (Item* item = worker.items.back(); item && behind > 0; --behind, item = item->previous) {
    const Terms terms = lanes_.terms_of(*item);
    if (terms.name) continue;
    for (Worker* other : idle)
      if (has(*other, terms.needs)) return {item, other};
  }
  return {nullptr, nullptr};
}

void Scheduler::returned(std::vector<Item*> items, Time now) {
  for (Item* item : items) {
    Worker* worker = take_off(*item, now);
    if (worker && !worker->items.empty()) {
      leave_room(*worker);
      worker->stalled = true;  // what it runs is still overdue
      enter_room(*worker);
    }
    item->change_attempt(-1);
  }
  queue_in_order(items);
}

std::vector<Item*> Scheduler::assigned() const {
  std::vector<Item*> items;
  for (Item* item = elsewhere_.front(); item; item = item->next) items.push_back(item);
  for (const auto& [id, worker] : workers_)
    for (Item* item = worker.items.front(); item; item = item->next) items.push_back(item);
  return items;
}

bool Scheduler::has_room(const Worker& worker) const noexcept {
  if (worker.has_free_slot()) return true;
  if (!worker.takes_tasks() || worker.stalled || worker.held != 0 || worker.load() >= worker.capacity.slots + worker.capacity.ahead)
    return false;
  return worker.expected < horizon_of(worker) || takes_one_ahead(worker);
}

Time Scheduler::horizon_of(const Worker& worker) const noexcept {
  return std::max(policy_.horizon, 4 * worker.capacity.round_trip);
}

/// Whether a task of any known length may be put behind those that the worker runs: their length is known, too.
bool Scheduler::takes_one_ahead(const Worker& worker) const noexcept {
  if (!worker.is_far() || worker.load() != worker.capacity.slots || is_slow(worker)) return false;
  for (const Item* item = worker.items.front(); item; item = item->next)
    if (!expected(item->kind)) return false;
  return true;
}

/// Whether this task may be put behind those that the worker has.
bool Scheduler::may_wait_at(const Worker& worker, const Item& item) const noexcept {
  const auto time = expected(item.kind);
  if (!time) return false;
  return worker.expected + *time <= horizon_of(worker) || takes_one_ahead(worker);
}

void Scheduler::note_ahead(Worker& worker) {
  const bool is_ahead = worker.load() > worker.capacity.slots && !worker.items.empty();
  if (is_ahead == worker.is_ahead) return;
  worker.is_ahead = is_ahead;
  if (is_ahead)
    ahead_.insert(&worker);
  else
    ahead_.erase(&worker);
}

void Scheduler::put(Item& item, Worker& worker, Time now) {
  leave_room(worker);
  if (worker.load() == 0) ++busy_count_;
  if (worker.items.empty()) worker.last_event = now;
  item.schedule = ItemState::assigned;
  item.worker = worker.id;
  expect(item, worker);
  note_begin(item.kind, now);
  item.change_attempt(+1);
  ++assigned_count_;
  worker.items.push_back(item);
  last_turn_ = index_of(worker.id);
  note_ahead(worker);
  enter_room(worker);
}

void Scheduler::expect(Item& item, Worker& worker) const {
  item.cost = Cost::of(time_at(worker, item.kind));
  worker.expected += item.cost.time();
}

/// Null if it is not there.
Scheduler::Worker* Scheduler::find(WorkerId worker) noexcept {
  const auto place = workers_.find(index_of(worker));
  return place == workers_.end() ? nullptr : &place->second;
}

/// Returns the worker that it was on; null if nobody knows.
Scheduler::Worker* Scheduler::take_off(Item& item, Time now) {
  Worker* const worker = find(item.worker);
  take_off(item, worker, now);
  return worker;
}

void Scheduler::take_off(Item& item, Worker* from, Time now) {
  assert(item.schedule == ItemState::assigned);
  --assigned_count_;
  item.worker = any_worker;
  if (!from) return elsewhere_.remove(item);
  Worker& worker = *from;
  leave_room(worker);
  worker.items.remove(item);
  worker.expected -= item.cost.time();
  worker.last_event = now;
  worker.stalled = false;
  worker.asked_back = false;
  if (worker.load() == 0) --busy_count_;
  note_ahead(worker);
  enter_room(worker);
}

}  // namespace mw::scheduler
