// What the scheduler keeps in each task.
//
// What:    Item, 32 bytes, and a list of Items: no allocation.
// Owner:   the caller owns the Items; an Item is in one list at most.
// Threads: one at a time.
// Use:
//     struct Task : Item { … };
#pragma once

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
  std::uint32_t attempt = 0;     ///< how often it was handed to a worker; the fencing number of its messages
  std::int32_t priority = 0;     ///< a higher one goes first
  std::uint16_t kind = 0;        ///< tasks of one kind are expected to take about as long
  Cost cost;                     ///< what it adds to its worker's expected time while assigned
  ItemState schedule : 2 = ItemState::idle;
  std::uint8_t losses : 6 = 0;  ///< how often its worker was lost under it; stays at most_losses

  static constexpr std::uint8_t most_losses = 63;
};
static_assert(sizeof(void*) != 8 || sizeof(Item) == 32);

class ItemList {
 public:
  bool empty() const noexcept { return first_ == nullptr; }
  Item* front() const noexcept { return first_; }
  Item* back() const noexcept { return last_; }
  std::size_t size() const noexcept { return size_; }
  void push_back(Item& item) noexcept;
  void push_front(Item& item) noexcept;
  void remove(Item& item) noexcept;

 private:
  Item* first_ = nullptr;
  Item* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace mw::scheduler
