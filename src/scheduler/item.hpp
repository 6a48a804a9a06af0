// What the scheduler keeps in each task.
//
// What:    Item, 36 bytes, and a list of Items: no allocation.
// Owner:   the caller owns the Items; an Item is in one list at most.
// Threads: one at a time.
// Use:
//     struct Task : Item { … };
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <mw/interface.hpp>

#include "scheduler/cost.hpp"

namespace mw::scheduler {

enum class ItemState : std::uint8_t { idle, queued, assigned, done };

struct Item {
  Item* next = nullptr;  ///< free for the owner's own lists while the state is idle or done
  Item* previous = nullptr;
  WorkerId worker = any_worker;  ///< where it is while assigned
  std::atomic<std::uint32_t> attempt{
      0};                     ///< how often it was handed to a worker; the fencing number of its messages. Any thread may read
  std::int32_t priority = 0;  ///< a higher one goes first
  std::uint16_t kind = 0;     ///< tasks of one kind are expected to take about as long
  Cost cost;                  ///< what it adds to its worker's expected time while assigned
  ItemState schedule : 2 = ItemState::idle;
  std::uint8_t losses : 6 = 0;  ///< how often its worker was lost under it; stays at most_losses
  std::uint32_t order = 0;      ///< of submission; wraps

  static constexpr std::uint8_t most_losses = 63;

  void change_attempt(int by) noexcept {
    attempt.store(attempt.load(std::memory_order_relaxed) + static_cast<std::uint32_t>(by), std::memory_order_relaxed);
  }
};

class ItemList {
 public:
  bool empty() const noexcept { return first_ == nullptr; }
  Item* front() const noexcept { return first_; }
  Item* back() const noexcept { return last_; }
  std::size_t size() const noexcept { return size_; }
  void push_back(Item& item) noexcept;
  void push_front(Item& item) noexcept;
  /// Null: at the end.
  void insert_before(Item* place, Item& item) noexcept;
  void remove(Item& item) noexcept;

 private:
  Item* first_ = nullptr;
  Item* last_ = nullptr;
  std::size_t size_ = 0;
};

inline void ItemList::push_back(Item& item) noexcept {
  item.next = nullptr;
  item.previous = last_;
  (last_ ? last_->next : first_) = &item;
  last_ = &item;
  ++size_;
}

inline void ItemList::push_front(Item& item) noexcept {
  item.previous = nullptr;
  item.next = first_;
  (first_ ? first_->previous : last_) = &item;
  first_ = &item;
  ++size_;
}

inline void ItemList::insert_before(Item* place, Item& item) noexcept {
  if (!place) return push_back(item);
  if (!place->previous) return push_front(item);
  item.previous = place->previous;
  item.next = place;
  place->previous->next = &item;
  place->previous = &item;
  ++size_;
}

inline void ItemList::remove(Item& item) noexcept {
  (item.previous ? item.previous->next : first_) = item.next;
  (item.next ? item.next->previous : last_) = item.previous;
  item.next = item.previous = nullptr;
  --size_;
}

}  // namespace mw::scheduler
