// The assimilator: a workunit's end becomes the ends of its tasks.
//
// What:    hands the canonical result to the master task by task, or the reason why there is none; once for each workunit.
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

/// The same for one task of a workunit that was assimilated before this program started: nothing if its result can not be read.
std::optional<TaskEnd> end_again(Project& project, const KnownTask& task);

}  // namespace mw::boinc
