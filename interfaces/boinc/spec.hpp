// What follows "boinc" in an interface's name, and the options checked.
//
// What:    text to BoincOptions, BoincOptions to the server's settings.
// Owner:   values.
// Threads: any.
// Use:
//     const BoincOptions options = parse_spec(":4?quorum=2");        // throws UsageError
#pragma once

#include <string_view>

#include <mw/boinc.hpp>

#include "boinc/server/settings.hpp"

namespace mw::boinc {

BoincOptions parse_spec(std::string_view text);
/// Throws UsageError for options that make no sense. The state's folder is left out.
Settings settings_of(const BoincOptions& options);

}  // namespace mw::boinc
