// What follows "boinc" in an interface's name, when it is about an existing project.
//
// What:    text to BoincProjectOptions, and whether these make sense.
// Owner:   values.
// Threads: any.
// Use:
//     const BoincProjectOptions options = parse_project_spec("project=/home/boincadm/projects/pi");        // throws UsageError
#pragma once

#include <string_view>

#include <mw/boinc_project.hpp>

namespace mw::boinc {

bool is_project_spec(std::string_view text);
BoincProjectOptions parse_project_spec(std::string_view text);
/// Throws UsageError.
void check_options(const BoincProjectOptions& options);

}  // namespace mw::boinc
