// The tasks that wait for a worker, in the order in which they go.
//
// What:    a queue for each priority; the highest one goes first. It is known how many of each kind wait. An Item in
//          here is queued, one that has left is what its caller makes of it.
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

/// Those of one kind that wait.
struct WaitingKind {
  std::uint16_t kind = 0;
  std::size_t count = 0;  ///< at least 1
  Item* first = nullptr;  ///< the one that goes first; null: it was not looked for
};

class Queues {
 public:
  /// Last, or first, among those of its priority.
  void push_back(Item& item) {
    Level& level = add(item);
    level.items.push_back(item);
  }
  void push_front(Item& item) {
    Level& level = add(item);
    level.items.push_front(item);
    find(level, item.kind)->first = &item;
  }
  /// To the front, among those that were submitted before and after them.
  void insert_in_order(std::vector<Item*> items);
  void remove(Item& item);

  /// The one that goes first; null if none waits.
  Item* front() const noexcept {
    for (const auto& [priority, level] : levels_)
      if (Item* item = level.items.front()) return item;
    return nullptr;
  }
  /// The one behind this; null after the last.
  Item* after(const Item& item) const noexcept;
  std::vector<Item*> all() const;
  std::size_t size() const noexcept { return size_; }

  /// The kinds of those that have the priority of the front, in no order.
  const std::vector<WaitingKind>& kinds() const noexcept;
  /// The first one of them of this kind, which is among kinds().
  Item* first_of(std::uint16_t kind) noexcept;

 private:
  struct Level {
    ItemList items;
    std::vector<WaitingKind> kinds;
  };
  Level& add(Item& item);
  static std::vector<WaitingKind>::iterator find(Level& level, std::uint16_t kind) noexcept;

  std::map<std::int32_t, Level, std::greater<>> levels_;  ///< by priority; may be empty
  std::size_t size_ = 0;
};

}  // namespace mw::scheduler
