// The assimilator: a workunit's end becomes the ends of its tasks.
//
// What:    hands the canonical result to the master task by task, or the reason why there is none; once for each
//          workunit.
// Owner:   refers to the project.
// Threads: the server's; inside a transaction.
// Use:
//     assimilate(project, workunit, instances, std::move(verdict.outcomes));
#pragma once

#include <vector>

#include "boinc/server/comparison.hpp"
#include "boinc/server/project.hpp"

namespace mw::boinc {

/// `outcomes`: what was agreed on; empty where that did not come to pass.
void assimilate(Project& project, const WorkunitRow& workunit, const std::vector<InstanceRow>& instances,
                std::vector<TaskOutcome> outcomes);

/// Where the end of a task lies whose workunit was assimilated before this program started.
struct StoredEnd {
  std::int64_t task = 0;
  std::int64_t host = 0;
  std::size_t tasks = 0;  ///< of its workunit
  std::size_t position = 0;
  StoredOutput output;
};
/// Nothing if there is none.
std::optional<StoredEnd> stored_end(Project& project, const KnownTask& task);
/// Nothing if it cannot be read. In any thread.
std::optional<TaskEnd> end_again(const StoredEnd& stored);

}  // namespace mw::boinc
