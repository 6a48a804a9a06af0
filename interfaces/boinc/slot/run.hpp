// A workunit, computed: what the worker build does in a BOINC client's slot.
//
// What:    reads the bundle of tasks from "in", runs them one after the other in a worker process, appends each ending
//          to "out". A task that crashes takes its process along, not the others. Started again, it goes on where it
//          was. It does what its client tells it: suspend, resume, quit, abort.
// Owner:   nothing outlives the call.
// Threads: the calling one.
// Use:
//     std::exit(slot::run("."));
#pragma once

#include <string>

namespace mw::slot {

/// With this variable in its environment a worker build runs programs (mw::Program) that a workunit names: only the one
/// who owns the machine sets it, since a workunit's content is not signed.
inline constexpr const char* allow_programs_name = "MW_ALLOW_PROGRAMS";

/// An emulator that runs this build, where the machine is of another kind: the worker process is started through it,
/// too.
inline constexpr const char* runner_name = "MW_RUNNER";

/// Returns the exit status: 0 when all tasks have ended, one way or another, and the client is told so; 0 without that
/// when the client asked it to quit; other numbers for what makes the whole workunit an error.
int run(const std::string& folder);

}  // namespace mw::slot
