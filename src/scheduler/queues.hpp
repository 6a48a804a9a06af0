// The tasks that wait for a worker, in the order in which they go.
//
// What:    a queue for each priority; the highest one goes first. An Item in here is queued, one that has left is what
//          its caller makes of it.
// Owner:   the Items are the caller's.
// Threads: one at a time.
// Use:
//     queues.push_back(item);
//     if (Item* next = queues.front()) queues.remove(*next);
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "scheduler/item.hpp"

namespace mw::scheduler {

/// Whether it was submitted before the other one.
inline bool is_older(const Item& a, const Item& b) noexcept { return static_cast<std::int32_t>(a.order - b.order) < 0; }
/// Whether it goes first: it has the higher priority, or was submitted before.
inline bool goes_before(const Item& a, const Item& b) noexcept {
  return a.priority != b.priority ? a.priority > b.priority : is_older(a, b);
}

class Queues {
 public:
  /// Last, or first, among those of its priority.
  void push_back(Item& item) {
    item.schedule = ItemState::queued;
    queues_[item.priority].push_back(item);
    ++size_;
  }
  void push_front(Item& item) {
    item.schedule = ItemState::queued;
    queues_[item.priority].push_front(item);
    ++size_;
  }
  /// To the front, among those that were submitted before and after them.
  void insert_in_order(std::vector<Item*> items);
  void remove(Item& item) {
    const auto place = queues_.find(item.priority);
    place->second.remove(item);
    --size_;
    if (place->second.empty() && queues_.size() > 1) queues_.erase(place);
  }

  /// The one that goes first; null if none waits.
  Item* front() const noexcept {
    for (const auto& [priority, queue] : queues_)
      if (Item* item = queue.front()) return item;
    return nullptr;
  }
  /// The one behind this; null after the last.
  Item* after(const Item& item) const noexcept;
  std::vector<Item*> all() const;
  std::size_t size() const noexcept { return size_; }

 private:
  std::map<std::int32_t, ItemList, std::greater<>> queues_;  ///< by priority; lists may be empty
  std::size_t size_ = 0;
};

}  // namespace mw::scheduler
