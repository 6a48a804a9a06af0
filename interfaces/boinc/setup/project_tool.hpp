// A program of a project's, run in its folder.
//
// What:    bin/stage_file and its like, with a umask that lets both write what they make: the project's owner and the
//          web server, which is in its group.
// Owner:   the program ends with the call.
// Threads: any; the call blocks.
// Use:
//     const process::ProgramRun run = run_project_tool(folder, "bin/xadd", {});         // throws process::StartError
#pragma once

#include <string>
#include <vector>

#include "process/run_program.hpp"

namespace mw::boinc {

process::ProgramRun run_project_tool(const std::string& project, const std::string& tool, const std::vector<std::string>& arguments,
                                     const std::string& input = {});

/// The last of what a program said, in one line.
std::string last_words(std::string text);

}  // namespace mw::boinc
