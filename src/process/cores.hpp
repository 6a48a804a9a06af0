// How many cores this process may use.
//
// What:    the least of its CPU affinity and the quotas of its control groups.
// Owner:   nothing.
// Threads: any.
// Use:
//     unsigned workers = available_cores();
#pragma once

#include <string>

namespace mw::process {

/// At least 1. A quota of 1.5 cores counts as 2.
unsigned available_cores();

/// The same with `affinity` processors allowed, and "/" at `root`: for tests.
unsigned available_cores(unsigned affinity, const std::string& root);

}  // namespace mw::process
