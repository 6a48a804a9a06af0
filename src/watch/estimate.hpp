// When a run will be done.
//
// What:    from how fast tasks have ended of late: the rate over the last points, the time left at that rate, and a
//          range that the rates of the parts of that time suggest (twice their standard error). It is a guess about the
//          tasks that are known by now: whoever submits more, or tasks of another length, makes it wrong.
// Owner:   a value.
// Threads: any.
// Use:
//     if (const auto guess = estimate(series.points())) …guess->left…
#pragma once

#include <optional>
#include <span>

#include "watch/series.hpp"

namespace mw::watch {

/// Seconds; a rate is tasks a second.
struct Estimate {
  double rate = 0;
  double left = 0;
  double low = 0;   ///< if it goes on as in the better parts
  double high = 0;  ///< … as in the worse ones
};

/// Nothing while too little has ended, or nothing is left.
std::optional<Estimate> estimate(std::span<const Point> points);

}  // namespace mw::watch
