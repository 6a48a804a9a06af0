// What a master says to a node of how many slots it wants.
//
// What:    more is said at once, less when it has been less for a moment: a program that waits for a result and then
//          submits the next task is not to lose its slot in between. Nothing is said twice. Pure: time is stepped.
// Owner:   values.
// Threads: one at a time.
// Use:
//     if (const auto word = wants.say({.slots = 3}, now)) append(out, *word);
//     if (const auto when = wants.due()) …                 // say the same again then
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "wire/node_messages.hpp"

namespace mw::tcp {

class SlotWants {
 public:
  using Time = std::chrono::nanoseconds;
  /// So long a slot may have nothing to do, and be kept from others.
  static constexpr Time patience = std::chrono::milliseconds{2};

  /// What the node is to hear now; nothing if it knows, or if it is to hear it later.
  std::optional<wire::SlotsWanted> say(wire::SlotsWanted wanted, Time now) {
    const bool is_less = told_ && wanted.slots < told_->slots;
    if (!is_less) since_.reset();
    if (is_less && !since_) since_ = now;
    if (is_less && now - *since_ < patience) wanted.slots = told_->slots;
    if (told_ && told_->slots == wanted.slots && told_->first == wanted.first) return std::nullopt;
    if (wanted.slots < (told_ ? told_->slots : 0)) since_.reset();
    told_ = wanted;
    return wanted;
  }
  /// When say() may have something to say although nothing has changed.
  std::optional<Time> due() const { return since_ ? std::optional{*since_ + patience} : std::nullopt; }
  /// The node knows nothing any more.
  void forget() {
    told_.reset();
    since_.reset();
  }

 private:
  std::optional<wire::SlotsWanted> told_;
  std::optional<Time> since_;  ///< it wants less than it has said
};

}  // namespace mw::tcp
