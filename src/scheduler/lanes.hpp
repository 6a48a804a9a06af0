// The tasks that wait for one worker each, beside those that any worker may have.
//
// What:    a Queues for each worker's name that tasks wait for. Which name that is its owner says, as an Item has no
//          place for it.
// Owner:   the Items are the caller's.
// Threads: one at a time.
// Use:
//     Lanes lanes{name_of};
//     if (Queues* lane = lanes.of(item)) lane->push_back(item);
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "scheduler/item.hpp"
#include "scheduler/queues.hpp"

namespace mw::scheduler {

/// The name of the only worker that a task is for; null if any may have it. The same for as long as the task lives.
using NameOf = const std::string* (*)(const Item&);

class Lanes {
 public:
  /// Null: no task is for one worker.
  explicit Lanes(NameOf function) : name_of_{function} {}

  /// Whether the task is for one worker.
  bool is_named(const Item& item) const { return name_of_ && name_of_(item); }
  /// To be called for every new task: as long as none is for one worker, no task is asked for its name.
  void note(const Item& item) { are_used_ = are_used_ || is_named(item); }
  /// That worker; null if any may have the task, and while names are not heeded.
  const std::string* name_of(const Item& item) const { return are_used_ && heeds_ ? name_of_(item) : nullptr; }
  /// Where it waits; null for a task that any worker may have.
  Queues* of(const Item& item) {
    const std::string* const name = name_of(item);
    return name ? &lanes_[*name] : nullptr;
  }
  /// Whether tasks are to wait here.
  void heed(bool names) noexcept { heeds_ = names; }
  bool heeds() const noexcept { return heeds_; }

  void remove(Item& item, const std::string& name) {
    const auto place = lanes_.find(name);
    place->second.remove(item);
    if (place->second.size() == 0) lanes_.erase(place);
  }
  /// Those in which tasks wait, by name.
  const std::map<std::string, Queues>& all() const noexcept { return lanes_; }
  bool empty() const noexcept { return lanes_.empty(); }
  std::size_t size() const noexcept {
    std::size_t size = 0;
    for (const auto& [name, lane] : lanes_) size += lane.size();
    return size;
  }

 private:
  NameOf name_of_;
  bool heeds_ = true;
  bool are_used_ = false;
  std::map<std::string, Queues> lanes_;  ///< none of them is empty
};

}  // namespace mw::scheduler
