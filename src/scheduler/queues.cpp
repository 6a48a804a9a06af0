#include "scheduler/queues.hpp"

#include <algorithm>

namespace mw::scheduler {

void Queues::insert_in_order(std::vector<Item*> items) {
  std::sort(items.begin(), items.end(), [](const Item* a, const Item* b) { return goes_before(*a, *b); });
  ItemList* queue = nullptr;
  Item* place = nullptr;
  std::int32_t priority = 0;
  for (Item* item : items) {
    if (!queue || item->priority != priority) {
      priority = item->priority;
      queue = &queues_[priority];
      place = queue->front();
    }
    while (place && is_older(*place, *item)) place = place->next;
    item->schedule = ItemState::queued;
    queue->insert_before(place, *item);
    ++size_;
  }
}

Item* Queues::after(const Item& item) const noexcept {
  if (item.next) return item.next;
  for (auto queue = queues_.upper_bound(item.priority); queue != queues_.end(); ++queue)
    if (Item* next = queue->second.front()) return next;
  return nullptr;
}

std::vector<Item*> Queues::all() const {
  std::vector<Item*> items;
  for (const auto& [priority, queue] : queues_)
    for (Item* item = queue.front(); item; item = item->next) items.push_back(item);
  return items;
}

}  // namespace mw::scheduler
