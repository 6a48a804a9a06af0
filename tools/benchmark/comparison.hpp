// All measurements, in turn, each in a process of its own.
//
// What:    compare(): workloads × peers × runs, as a Markdown table or JSON; show_growth(): what a task costs as their
//          number grows.
// Owner:   nothing.
// Threads: main's.
// Use:
//     return compare(Plan{.runs = 5});
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mw::benchmark {

struct Plan {
  unsigned runs = 5;
  unsigned workers = 2;
  std::vector<std::string> workloads;                           ///< empty: all
  std::vector<std::string> peers{"multicore", "sock", "pool"};  ///< the first is compared with the others
  std::uint64_t growth_to = 0;
  bool json = false;
};

/// Both return the exit status, and print to stdout; what goes on is said on stderr.
int compare(const Plan& plan);
int show_growth(const Plan& plan);

}  // namespace mw::benchmark
