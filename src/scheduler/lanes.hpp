// The tasks that wait for some workers only, beside those that any worker may have.
//
// What:    a Queues for each worker's name, and for each class of needs, that tasks wait for. Which those are its owner
//          says, as an Item has no place for it.
// Owner:   the Items are the caller's.
// Threads: one at a time.
// Use:
//     Lanes lanes{terms_of};
//     if (Queues* lane = lanes.of(item)) lane->push_back(item);
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "scheduler/item.hpp"
#include "scheduler/queues.hpp"

namespace mw::scheduler {

/// The number of a class of needs: see Scheduler::class_of(). 0: there are none.
using NeedsClass = std::uint16_t;

/// Where a task may run. The same for as long as it lives.
struct Terms {
  const std::string* name = nullptr;  ///< the only worker that it is for; null: any
  NeedsClass needs = 0;               ///< what that must have

  bool empty() const noexcept { return !name && needs == 0; }
};
using TermsOf = Terms (*)(const Item&);

/// The same, with a copy of the name.
struct LaneKey {
  std::string name = {};  ///< empty: any
  NeedsClass needs = 0;

  friend auto operator<=>(const LaneKey&, const LaneKey&) = default;
};

class Lanes {
 public:
  /// Null: any worker may have any task.
  explicit Lanes(TermsOf function) : terms_of_{function} {}

  /// Whether the task is for some workers only.
  bool is_for_some(const Item& item) const { return terms_of_ && !terms_of_(item).empty(); }
  /// To be called for every new task: as long as none is for some workers only, no task is asked.
  void note(const Item& item) { are_used_ = are_used_ || is_for_some(item); }
  /// Empty for a task that any worker may have, and while terms are not heeded.
  Terms terms_of(const Item& item) const { return are_used_ && heeds_ ? terms_of_(item) : Terms{}; }
  /// Where it waits; null for a task that any worker may have.
  Queues* of(const Item& item) {
    const Terms terms = terms_of(item);
    return terms.empty() ? nullptr : &lanes_[key_of(terms)];
  }
  /// Whether tasks are to wait here.
  void heed(bool terms) noexcept { heeds_ = terms; }
  bool heeds() const noexcept { return heeds_; }

  void remove(Item& item, const Terms& terms) {
    const auto place = lanes_.find(key_of(terms));
    place->second.remove(item);
    if (place->second.size() == 0) lanes_.erase(place);
  }
  /// Those in which tasks wait.
  const std::map<LaneKey, Queues>& all() const noexcept { return lanes_; }
  std::map<LaneKey, Queues>& all() noexcept { return lanes_; }
  bool empty() const noexcept { return lanes_.empty(); }
  std::size_t size() const noexcept {
    std::size_t size = 0;
    for (const auto& [key, lane] : lanes_) size += lane.size();
    return size;
  }

 private:
  static LaneKey key_of(const Terms& terms) { return {terms.name ? *terms.name : std::string{}, terms.needs}; }

  TermsOf terms_of_;
  bool heeds_ = true;
  bool are_used_ = false;
  std::map<LaneKey, Queues> lanes_;  ///< none of them is empty
};

}  // namespace mw::scheduler
