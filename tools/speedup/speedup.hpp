// mw speedup: an application over interfaces and numbers of workers, as the tables that people publish.
//
// What:    runs the application with -n W --json for each W, in turn, reads what it says, and prints workers, seconds,
//          speedup and % of maximum (the form of PyMW's Table 1, where the maximum is min(workers, cores)), or
//          interfaces side by side (as CASCON'16's Tables 3 and 4); with a folder to write to, a report with
//          statistics, CSV and a plot, and the runs themselves, so that it goes on after an interruption.
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
  std::vector<std::string> interfaces = {};  ///< each may be several with ',' between; empty: the application's own choice
  std::string vary = {};                     ///< "points=1e6,1e7": an option of the application and its values; empty: none
  std::vector<std::uint64_t> workers = {};   ///< empty: 1, 2 and twice the cores
  std::uint64_t runs = 1;                    ///< of each; in turn, so that a machine that gets slower slows all alike
  bool warm_up = false;                      ///< before the first, one run of each interface that does not count
  bool without_start_up = false;             ///< count calculation_seconds: from when a worker was ready, on average
  bool results_may_differ = false;           ///< of a program whose result depends on the number of workers
  bool statistics = false;                   ///< print all that is in the report
  bool side_by_side = false;                 ///< one table with interfaces as columns, also if an option varies
  bool markdown = false;
  bool json = false;
  bool progress = false;
  std::string out = {};  ///< a folder for report.md, speedup.csv, speedup.svg and runs.jsonl; empty: none
};

/// Prints the table. Throws mw::Error if a run fails, or if runs differ in what they found and may not.
void speedup(SpeedupOptions options);

}  // namespace mw::tool
