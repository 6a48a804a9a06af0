// Whether a project computes.
//
// What:    what its folder says about it: the files that bin/stop leaves, and the pid files of its daemons (BOINC,
//          sched/start).
// Owner:   values.
// Threads: any.
// Use:
//     if (const std::string why = what_stands_still(folder, "pi"); !why.empty()) warn(why);
#pragma once

#include <string>

namespace mw::boinc {

/// What of it stands still, as far as jobs of the application need it, and what to do about it; empty: nothing that can
/// be seen.
std::string what_stands_still(const std::string& project, const std::string& app);

}  // namespace mw::boinc
