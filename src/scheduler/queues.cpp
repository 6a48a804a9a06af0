#include "scheduler/queues.hpp"

#include <algorithm>

namespace mw::scheduler {
namespace {

/// The first one of this kind, from `item` on.
Item* first_from(Item* item, std::uint16_t kind) noexcept {
  while (item && item->kind != kind) item = item->next;
  return item;
}

}  // namespace

/// Of few: there are no more kinds than functions.
std::vector<WaitingKind>::iterator Queues::find(Level& level, std::uint16_t kind) noexcept {
  return std::find_if(level.kinds.begin(), level.kinds.end(), [kind](const WaitingKind& one) { return one.kind == kind; });
}

/// Counts it; the caller puts it into the list.
Queues::Level& Queues::add(Item& item) {
  Level& level = levels_[item.priority];
  const auto kind = find(level, item.kind);
  if (kind != level.kinds.end())
    ++kind->count;
  else
    level.kinds.push_back({item.kind, 1, &item});
  item.schedule = ItemState::queued;
  ++size_;
  return level;
}

void Queues::remove(Item& item) {
  const auto place = levels_.find(item.priority);
  Level& level = place->second;
  const auto kind = find(level, item.kind);
  if (--kind->count == 0)
    level.kinds.erase(kind);
  else if (kind->first == &item)
    kind->first = item.previous ? first_from(item.next, item.kind) : nullptr;  // those at the front are not looked for
  level.items.remove(item);
  --size_;
  if (level.items.empty() && levels_.size() > 1) levels_.erase(place);
}

void Queues::insert_in_order(std::vector<Item*> items) {
  std::sort(items.begin(), items.end(), [](const Item* a, const Item* b) { return goes_before(*a, *b); });
  ItemList* queue = nullptr;
  Item* place = nullptr;
  std::int32_t priority = 0;
  for (Item* item : items) {
    Level& level = add(*item);
    find(level, item->kind)->first = nullptr;
    if (!queue || item->priority != priority) {
      priority = item->priority;
      queue = &level.items;
      place = queue->front();
    }
    while (place && is_older(*place, *item)) place = place->next;
    queue->insert_before(place, *item);
  }
}

Item* Queues::after(const Item& item) const noexcept {
  if (item.next) return item.next;
  for (auto level = levels_.upper_bound(item.priority); level != levels_.end(); ++level)
    if (Item* next = level->second.items.front()) return next;
  return nullptr;
}

std::vector<Item*> Queues::all() const {
  std::vector<Item*> items;
  for (const auto& [priority, level] : levels_)
    for (Item* item = level.items.front(); item; item = item->next) items.push_back(item);
  return items;
}

const std::vector<WaitingKind>& Queues::kinds() const noexcept {
  static const std::vector<WaitingKind> none;
  for (const auto& [priority, level] : levels_)
    if (!level.items.empty()) return level.kinds;
  return none;
}

Item* Queues::first_of(std::uint16_t kind) noexcept {
  for (auto& [priority, level] : levels_) {
    if (level.items.empty()) continue;
    WaitingKind& waiting = *find(level, kind);
    if (!waiting.first) waiting.first = first_from(level.items.front(), kind);
    return waiting.first;
  }
  return nullptr;
}

}  // namespace mw::scheduler
