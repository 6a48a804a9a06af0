#include "master/completions.hpp"

#include <unordered_map>

namespace mw::detail {

Completions::~Completions() {
  std::lock_guard lock{mutex_};
  drain();
  while (scheduler::Item* item = ready_.front()) {
    ready_.remove(*item);
    release_reference(&record_of(*item));
  }
}

void Completions::publish(RecordPtr record) noexcept { published_.push(*record.detach()); }

void Completions::wake() {
  // A sleeper first counts itself, then looks; we publish first, then look at the count: one of the two sees the other.
  if (sleepers_.load() == 0) return;
  std::lock_guard lock{mutex_};
  woken_.notify_all();
}

void Completions::drain() {
  scheduler::Item* oldest_first = published_.take_all();
  while (oldest_first) {
    TaskRecord& record = record_of(*oldest_first);
    oldest_first = oldest_first->next;
    if (record.handed_out) {
      record.next = record.previous = nullptr;
      release_reference(&record);
    } else {
      record.listed = true;
      ready_.push_back(record);
    }
  }
}

void Completions::hand_out(TaskRecord& record) {
  if (!record.handed_out) open_.fetch_sub(1);
  record.handed_out = true;
  if (record.listed) {
    record.listed = false;
    ready_.remove(record);
    release_reference(&record);
  }
  // Someone may wait for "the next of all" when there is none any more.
  if (sleepers_.load() != 0) woken_.notify_all();
}

template <class Ready>
void Completions::sleep_until(std::unique_lock<std::mutex>& lock, const Ready& ready) {
  if (ready()) return;
  sleepers_.fetch_add(1);
  while (!ready()) woken_.wait(lock);
  sleepers_.fetch_sub(1);
}

void Completions::wait(TaskRecord& record) {
  std::unique_lock lock{mutex_};
  sleep_until(lock, [&] { return is_done(record.state.load()); });
  drain();
  hand_out(record);
}

bool Completions::try_take(TaskRecord& record) {
  if (!is_done(record.state.load(std::memory_order_acquire))) return false;
  std::lock_guard lock{mutex_};
  drain();
  hand_out(record);
  return true;
}

RecordPtr Completions::wait_for_next() {
  std::unique_lock lock{mutex_};
  sleep_until(lock, [&] {
    drain();
    return !ready_.empty() || open_.load() == 0;
  });
  if (ready_.empty()) return {};
  RecordPtr record = RecordPtr::share(&record_of(*ready_.front()));
  hand_out(*record);
  return record;
}

std::optional<std::size_t> Completions::wait_for_any(std::span<TaskRecord* const> records) {
  std::unordered_map<const TaskRecord*, std::size_t> index_of;
  for (std::size_t i = 0; i < records.size(); ++i) index_of.try_emplace(records[i], i);
  std::unique_lock lock{mutex_};
  std::optional<std::size_t> found;
  sleep_until(lock, [&] {
    drain();
    bool any_open = false;
    for (const TaskRecord* record : records) any_open = any_open || !record->handed_out;
    if (!any_open) return true;
    for (scheduler::Item* item = ready_.front(); item && !found; item = item->next)
      if (auto place = index_of.find(&record_of(*item)); place != index_of.end()) found = place->second;
    return found.has_value();
  });
  if (found) hand_out(*records[*found]);
  return found;
}

}  // namespace mw::detail
