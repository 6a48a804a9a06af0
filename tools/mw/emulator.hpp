// The emulator that runs another platform's programs, as a command line names it.
//
// What:    finds it, so that a wrong name is told at the start, not by the failures of all tasks.
// Owner:   values.
// Threads: any.
// Use:
//     options.runner = emulator_path(command.runner);       // throws UsageError
#pragma once

#include <string>

namespace mw::tool {

/// The program's path; empty for an empty name.
std::string emulator_path(const std::string& runner);

}  // namespace mw::tool
