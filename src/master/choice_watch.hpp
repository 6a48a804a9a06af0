// Whether tasks wait for the word of scheduler_func only.
//
// What:    told after each round how things stand, it says when that has lasted so long that somebody should hear of
//          it: after `patience`, and each time after twice as long. Pure.
// Owner:   the master.
// Threads: one at a time.
// Use:
//     if (const auto waited = watch.look(stands_still, now)) warn(*waited, watch.patience());
#pragma once

#include <optional>

#include "scheduler/cost.hpp"

namespace mw::detail {

class ChoiceWatch {
 public:
  using Time = scheduler::Time;

  /// 0: nothing is said.
  explicit ChoiceWatch(Time patience) : first_{patience}, patience_{patience} {}

  /// For how long it has stood still, if that is to be said now.
  std::optional<Time> look(bool stands_still, Time now) {
    if (!stands_still || first_.count() <= 0) {
      since_.reset();
      patience_ = first_;
      return std::nullopt;
    }
    if (!since_) since_ = now;
    const Time waited = now - *since_;
    if (waited < patience_) return std::nullopt;
    patience_ *= 2;
    return waited;
  }
  /// When to look again.
  std::optional<Time> look_at() const { return since_ ? std::optional{*since_ + patience_} : std::nullopt; }
  /// Until it is said the next time, since it began.
  Time patience() const noexcept { return patience_; }

 private:
  Time first_, patience_;
  std::optional<Time> since_;
};

}  // namespace mw::detail
