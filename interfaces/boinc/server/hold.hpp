// The end of giving out: which tasks no host has.
//
// What:    from begin() on no host is given anything more; says which of the master's tasks are with none, each once:
//          at first those that wait, later those that have come back without an end, or come in only then. They stay
//          in the project, where the next run of the program finds them.
// Owner:   refers to the project and its rooms.
// Threads: the server's.
// Use:
//     hold.begin();
//     for (const TaskRef& task : hold.take_unheld()) give_back(task);      // after each commit
#pragma once

#include <cstdint>
#include <unordered_set>
#include <vector>

#include "boinc/server/comparisons.hpp"
#include "boinc/server/intake.hpp"
#include "boinc/server/project.hpp"

namespace mw::boinc {

class Hold {
 public:
  Hold(Project& project, const Intake& intake, const Comparisons& comparisons)
      : project_{project}, intake_{intake}, comparisons_{comparisons} {}

  void begin() noexcept { project_.gives_out = false; }
  /// Empty before begin().
  std::vector<TaskRef> take_unheld();

 private:
  /// The rows of the tasks that hosts have, or whose results are being compared.
  std::unordered_set<std::int64_t> held();

  Project& project_;
  const Intake& intake_;
  const Comparisons& comparisons_;
  std::unordered_set<std::int64_t> told_;  ///< rows
};

}  // namespace mw::boinc
