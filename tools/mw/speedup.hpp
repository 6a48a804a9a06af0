// mw speedup: an application over several numbers of workers, as the table that people publish.
//
// What:    runs the application with -n W --json for each W, reads what it says, prints workers, seconds, speedup and % of maximum
//          (the form of PyMW's Table 1, where the maximum is min(workers, cores)).
// Owner:   plain values.
// Threads: main's.
// Use:
//     speedup({.program = "./monte_pi", .workers = {1, 2, 4}});
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mw::tool {

struct SpeedupOptions {
  std::string program;
  std::vector<std::string> arguments = {};
  std::vector<std::uint64_t> workers = {};  ///< empty: 1, 2 and twice the cores
  std::uint64_t runs = 1;                   ///< of each; in turn, so that a machine that gets slower slows all alike
  bool without_start_up = false;            ///< count calculation_seconds: from when all workers were ready
  bool markdown = false;
  bool json = false;
  bool progress = false;
};

/// Prints the table. Throws mw::Error if a run fails, or if runs differ in what they found.
void speedup(SpeedupOptions options);

}  // namespace mw::tool
