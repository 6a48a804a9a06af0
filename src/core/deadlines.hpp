// Which task runs out of time when.
//
// What:    a set of (time, item), asked for what is due.
// Owner:   the items are the caller's, who takes them out before they go.
// Threads: one at a time.
// Use:
//     deadlines.set(item, now + limit);
//     while (scheduler::Item* item = deadlines.due(now)) stop(*item);
#pragma once

#include <map>
#include <optional>
#include <unordered_map>

#include "scheduler/item.hpp"

namespace mw::core {

class Deadlines {
 public:
  void set(scheduler::Item& item, scheduler::Time when) {
    clear(item);
    place_of_.emplace(&item, by_time_.emplace(when, &item));
  }
  void clear(scheduler::Item& item) {
    const auto place = place_of_.find(&item);
    if (place == place_of_.end()) return;
    by_time_.erase(place->second);
    place_of_.erase(place);
  }
  /// One whose time has come, which is then no longer in the set; null if there is none.
  scheduler::Item* due(scheduler::Time now) {
    if (by_time_.empty() || now < by_time_.begin()->first) return nullptr;
    scheduler::Item* item = by_time_.begin()->second;
    clear(*item);
    return item;
  }
  /// When the next one is due.
  std::optional<scheduler::Time> next() const { return by_time_.empty() ? std::nullopt : std::optional{by_time_.begin()->first}; }

 private:
  std::multimap<scheduler::Time, scheduler::Item*> by_time_;
  std::unordered_map<scheduler::Item*, std::multimap<scheduler::Time, scheduler::Item*>::iterator> place_of_;
};

}  // namespace mw::core
