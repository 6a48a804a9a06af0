// The transitioner's decision: what a workunit needs next.
//
// What:    transition() looks at a workunit and its instances at one time and says what is to be done (BOINC,
//          sched/transitioner.cpp). Pure.
// Owner:   values.
// Threads: any.
// Use:
//     const Transition next = transition(workunit, instances, now);
//     for (std::size_t i : next.timed_out) …
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "boinc/policy/states.hpp"

namespace mw::boinc {

struct Transition {
  std::vector<std::size_t> timed_out;   ///< in progress and past their deadline: over, no reply
  std::vector<std::size_t> not_needed;  ///< unsent, and nobody needs them: over
  std::vector<std::size_t> no_check;    ///< successes that will not be compared
  bool needs_validation = false;        ///< there are new successes, and enough of them
  std::int64_t new_instances = 0;       ///< to be made, unsent
  std::int64_t error_mask = 0;          ///< the workunit's from now on
  bool assimilate = false;              ///< it has its result, or will have none
  bool delete_files = false;            ///< nothing of it is under way any more
  std::optional<Time> next_time;        ///< when to look again, if nothing happens before
};

Transition transition(const WorkunitState& workunit, std::span<const InstanceState> instances, Time now);

}  // namespace mw::boinc
