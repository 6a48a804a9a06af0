// When something happens.
//
// What:    one look at the clock, in two forms. Who drives the machine reads it; the machine has no clock of its own.
// Owner:   a value.
// Threads: any.
// Use:
//     machine.finished(task, std::move(outcome), Moment{.clock_ns = 17, .time = Time{17}});
#pragma once

#include <cstdint>

#include "scheduler/cost.hpp"

namespace mw::core {

using scheduler::Time;

struct Moment {
  std::int64_t clock_ns = 0;  ///< on the steady clock: what records keep
  Time time{0};               ///< the same less the time for which this process was stopped: what limits and expectations go by
};

}  // namespace mw::core
