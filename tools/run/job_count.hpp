// How many jobs run at a time, as GNU parallel's users say it.
//
// What:    "4", "150%" of the cores, "+2" or "-1": so many more or fewer than there are cores. At least 1.
// Owner:   values.
// Threads: any.
// Use:
//     plan.jobs = job_count_of("50%", process::available_cores());
#pragma once

#include <cstdint>
#include <string_view>

namespace mw::run {

/// Throws UsageError for a text that is none of these.
std::uint64_t job_count_of(std::string_view text, unsigned cores);

}  // namespace mw::run
