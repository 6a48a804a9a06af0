#include "scheduler/scheduler.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

namespace mw::scheduler {
namespace {

/// What a task takes besides its function: it keeps the number of tiny tasks ahead in bounds.
constexpr Time least_cost{1'000};

/// A worker that takes so many times as long as all on average is known to be slow.
constexpr double slow = 1.8;
/// So many tasks of a kind are an average. The first to end are the shortest.
constexpr std::uint8_t enough_measured = 6;

}  // namespace

void Scheduler::submit(Item& item) {
  assert(item.schedule == ItemState::idle);
  item.order = ++last_order_;
  queue_of(item).push_back(item);
}

void Scheduler::submit_again(Item& item) {
  assert(item.schedule == ItemState::idle);
  queue_of(item).push_front(item);
}

Queues& Scheduler::queue_of(Item& item) {
  Queues* const lane = lanes_.of(item);
  return lane ? *lane : queues_;
}

void Scheduler::unqueue(Item& item) {
  const std::string* const name = lanes_.name_of(item);
  if (name)
    lanes_.remove(item, *name);
  else
    queues_.remove(item);
}

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

std::vector<Item*> Scheduler::waiting() const {
  std::vector<Item*> items = queues_.all();
  for (const auto& [name, lane] : lanes_.all())
    for (Item* item : lane.all()) items.push_back(item);
  return items;
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

void Scheduler::worker_joined(WorkerId worker, Capacity capacity, std::vector<std::string> names) {
  assert(worker != any_worker && capacity.slots > 0);
  auto [place, is_new] = workers_.try_emplace(index_of(worker));
  assert(is_new);
  if (!is_new) return;
  Worker& joined = place->second;
  joined.id = worker;
  joined.capacity = capacity;
  joined.names = std::move(names);
  for (const std::string& name : joined.names) by_name_[name].push_back(&joined);
  most_slots_ = std::max(most_slots_, capacity.slots);
  for (Item* item = elsewhere_.front(); item;) {
    Item& one = *std::exchange(item, item->next);
    if (one.worker != worker) continue;
    elsewhere_.remove(one);
    joined.items.push_back(one);
    expect(one, joined);
  }
  if (joined.load() != 0) ++busy_count_;
  note_ahead(joined);
  enter_room(joined);
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
    leave_room(gone);
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
  const auto named = first_named();
  if (named && (!queues_.front() || goes_before(*named->item, *queues_.front()))) return give(*named, now);
  if (auto other = next_of_all(now)) return other;
  return named ? std::optional{give(*named, now)} : std::nullopt;
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

Assignment Scheduler::give(const Assignment& choice, Time now) {
  unqueue(*choice.item);
  put(*choice.item, workers_.at(index_of(choice.worker)), now);
  return choice;
}

std::optional<Assignment> Scheduler::next_of_all(Time now) {
  Item* const item = queues_.front();
  if (!item) return std::nullopt;
  while (least_load_ < rooms_.size() && rooms_[least_load_].empty()) ++least_load_;
  for (std::size_t load = least_load_; load < rooms_.size(); ++load) {
    auto& room = rooms_[load];
    for (auto place = room.rbegin(); place != room.rend(); ++place) {
      Worker& worker = **place;
      if (!worker.has_free_slot() && !may_wait_at(worker, *item)) {
        if (load >= most_slots_) return std::nullopt;  // none of those that follow has a free slot
        continue;
      }
      if (is_better_left(worker, *item, now)) {
        holds_back_ = true;
        continue;
      }
      queues_.remove(*item);
      put(*item, worker, now);
      return Assignment{item, worker.id};
    }
  }
  return std::nullopt;
}

/// The more tasks differ from each other, the less does it say of a worker that its tasks took long.
bool Scheduler::is_slow(const Worker& worker) const noexcept { return worker.slowness * (1 - spread_) >= slow; }

/// Whether the others will have done this task, and all that are queued, before this worker would have done it.
bool Scheduler::is_better_left(const Worker& worker, const Item& item, Time now) const noexcept {
  if (!is_slow(worker)) return false;
  const auto each = expected(item.kind);
  if (!each) return false;
  const double task = static_cast<double>(each->count());
  const double here = static_cast<double>(left_at(worker, now).count()) + worker.slowness * task;
  double speed = 0, work = task * static_cast<double>(queues_.size());  // in tasks' times of an average worker
  for (const auto& [id, other] : workers_) {
    if (&other == &worker || other.held != 0 || 2 * other.slowness > worker.slowness || is_late(other, now)) continue;
    speed += 1 / other.slowness;
    work += static_cast<double>(left_at(other, now).count()) / other.slowness;
  }
  return speed > 0 && work / speed + task < here;
}

/// How long the worker is still expected to be busy.
Time Scheduler::left_at(const Worker& worker, Time now) const noexcept {
  if (worker.items.empty()) return Time{0};
  return std::max(worker.expected - std::min(now - worker.last_event, worker.items.front()->cost.time()), Time{0});
}

bool Scheduler::is_late(const Worker& worker, Time now) const noexcept {
  if (worker.items.empty()) return false;
  return now >= worker.last_event + worker.items.front()->cost.time() + policy_.patience + 8 * worker.capacity.round_trip;
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
  for (const auto& room : rooms_)
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
  if (queues_.size() != 0 || ahead_.empty() || rooms_.empty()) return list;
  std::size_t idle = 0;
  for (const Worker* worker : rooms_.front()) idle += worker->load() == 0;
  if (idle == 0) return list;
  std::vector<Worker*> loaded;
  // Short ones are not worth the way back.
  for (Worker* worker : ahead_)
    if (!worker->asked_back && worker->expected > horizon_of(*worker) && last_to_give_up(*worker)) loaded.push_back(worker);
  std::sort(loaded.begin(), loaded.end(), [](const Worker* a, const Worker* b) { return a->expected > b->expected; });
  for (Worker* worker : loaded) {
    if (list.size() == idle) break;
    worker->asked_back = true;
    list.push_back({last_to_give_up(*worker), worker->id});
  }
  return list;
}

/// The last of the tasks that lie ahead there and may go elsewhere; null if there is none.
Item* Scheduler::last_to_give_up(const Worker& worker) const {
  std::size_t behind = worker.load() - worker.capacity.slots;
  for (Item* item = worker.items.back(); item && behind > 0; --behind, item = item->previous)
    if (!lanes_.name_of(*item)) return item;
  return nullptr;
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

std::optional<Time> Scheduler::expected(std::uint16_t kind) const {
  if (kind >= expected_.size() || expected_[kind].count() == 0) return std::nullopt;
  return std::max(expected_[kind], least_cost);
}

/// A moving average over about eight tasks.
void Scheduler::learn(std::uint16_t kind, Time run_time) {
  if (kind >= expected_.size()) {
    expected_.resize(kind + std::size_t{1});
    measured_.resize(kind + std::size_t{1});
  }
  if (measured_[kind] < enough_measured) ++measured_[kind];
  Time& average = expected_[kind];
  average = average.count() == 0 ? run_time : std::max(average + (run_time - average) / 8, Time{1});
}

/// The least of its last twenty tasks or so: one that is slow takes long for each of them, where tasks differ it does
/// for some.
void Scheduler::learn_of_worker(Worker& worker, std::uint16_t kind, Time run_time) {
  if (worker.capacity.round_trip.count() == 0) return;  // those of one machine are alike
  const auto average = expected(kind);
  if (!average || measured_[kind] < enough_measured) return;
  const double took = static_cast<double>(run_time.count()) / static_cast<double>(average->count());
  constexpr double forgets = 1.05;
  if (!std::exchange(worker.is_known, true)) {
    worker.slowness = std::clamp(took, 0.1, 100.0);
    return;
  }
  const double differs = std::abs(took - worker.slowness) / std::max(took, worker.slowness);
  spread_ += (differs - spread_) / 8;
  worker.slowness = std::clamp(std::min(worker.slowness * forgets, took), 0.1, 100.0);
}

/// A task of this kind, on this worker. Most differ by less than tasks of a kind do: only slow ones are told apart.
Time Scheduler::time_at(const Worker& worker, std::uint16_t kind) const noexcept {
  const auto average = expected(kind);
  if (!average) return policy_.horizon;
  if (!is_slow(worker)) return *average;
  return std::chrono::duration_cast<Time>(*average * worker.slowness);
}

bool Scheduler::has_room(const Worker& worker) const noexcept {
  if (worker.has_free_slot()) return true;
  if (worker.stalled || worker.held != 0 || worker.load() >= worker.capacity.slots + worker.capacity.ahead) return false;
  return worker.expected < horizon_of(worker) || takes_one_ahead(worker);
}

Time Scheduler::horizon_of(const Worker& worker) const noexcept {
  return std::max(policy_.horizon, 4 * worker.capacity.round_trip);
}

/// Whether a task of any known length may be put behind those that the worker runs: their length is known, too.
bool Scheduler::takes_one_ahead(const Worker& worker) const noexcept {
  if (worker.capacity.round_trip.count() == 0 || worker.load() != worker.capacity.slots || is_slow(worker)) return false;
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

void Scheduler::enter_room(Worker& worker) {
  if (!has_room(worker)) {
    worker.bucket_position = SIZE_MAX;
    return;
  }
  if (rooms_.size() <= worker.load()) rooms_.resize(worker.load() + 1);
  auto& room = rooms_[worker.load()];
  least_load_ = std::min<std::size_t>(least_load_, worker.load());
  worker.bucket_position = room.size();
  room.push_back(&worker);
}

void Scheduler::leave_room(Worker& worker) {
  if (worker.bucket_position == SIZE_MAX) return;
  auto& room = rooms_[worker.load()];
  room.back()->bucket_position = worker.bucket_position;
  room[worker.bucket_position] = room.back();
  room.pop_back();
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
  item.change_attempt(+1);
  ++assigned_count_;
  worker.items.push_back(item);
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
