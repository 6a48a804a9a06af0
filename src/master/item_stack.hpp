// A lock-free stack on which one side leaves items and the other takes them all.
//
// What:    ItemStack: any thread pushes; whoever drains gets everything, oldest first.
// Owner:   the items are the caller's; while on the stack their `next` is ours.
// Threads: any for push(), one at a time for take_all().
// Use:
//     if (stack.push(item)) wake_the_other_side();        // it was empty: nobody has woken them yet
//     for (Item* item = stack.take_all(); item; item = next) …
#pragma once

#include <atomic>

#include "scheduler/scheduler.hpp"

namespace mw::detail {

class ItemStack {
 public:
  /// True if the stack was empty. Sequentially consistent: what the caller reads afterwards is no older than the push.
  bool push(scheduler::Item& item) noexcept {
    scheduler::Item* head = top_.load(std::memory_order_relaxed);
    do {
      item.next = head;
    } while (!top_.compare_exchange_weak(head, &item));
    return head == nullptr;
  }

  /// The oldest item, linked by `next` to the newer ones; null if there is none.
  scheduler::Item* take_all() noexcept {
    scheduler::Item* newest_first = top_.exchange(nullptr);
    scheduler::Item* oldest_first = nullptr;
    while (newest_first) {
      scheduler::Item* const next = newest_first->next;
      newest_first->next = oldest_first;
      oldest_first = newest_first;
      newest_first = next;
    }
    return oldest_first;
  }

 private:
  std::atomic<scheduler::Item*> top_{nullptr};
};

}  // namespace mw::detail
