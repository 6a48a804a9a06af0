// How many cores this process may use, and how many threads a worker of it should.
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

/// Where OpenMP, and most libraries for linear algebra, look for it.
inline constexpr const char* threads_variable = "OMP_NUM_THREADS";

/// How many threads the tasks of one of `workers` workers on this machine should use: as many as were asked for;
/// without that, its share of the cores, at least 1; or 0, where the environment says it already.
unsigned threads_of_worker(unsigned asked, unsigned workers);
/// The same where it is known how many cores there are; finding that out takes a dozen files.
unsigned threads_of_worker(unsigned asked, unsigned workers, unsigned cores);

}  // namespace mw::process
