// Runs a program and keeps what it printed.
//
// What:    run_for_output(): stdout is kept; stdin and stderr are ours.
// Owner:   nothing outlives the call.
// Threads: any.
// Use:
//     std::string json = run_for_output("./monte_pi", {"--json"});
#pragma once

#include <string>
#include <vector>

namespace mw::tool {

/// Throws mw::Error, naming the program, if it cannot be started, fails, or is killed.
std::string run_for_output(const std::string& program, const std::vector<std::string>& arguments);

}  // namespace mw::tool
