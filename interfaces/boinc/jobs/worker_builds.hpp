// The worker builds of a program, as mw_add_app leaves them: FOLDER/PLATFORM/NAME.
//
// What:    finds them, and tells from each file itself what platform it is for.
// Owner:   values; the files stay where they are.
// Threads: any.
// Use:
//     for (const FoundBuild& build : find_worker_builds("bin/workers", "monte_pi")) …
#pragma once

#include <string>
#include <vector>

namespace mw::boinc {

/// The platform an executable is for, by its ELF header (System V ABI): "x86_64-pc-linux-gnu",
/// "aarch64-unknown-linux-gnu", "arm-unknown-linux-gnueabihf"; empty for others.
std::string platform_of_file(const std::string& path);

struct FoundBuild {
  std::string platform;  ///< BOINC's name
  std::string path;
};
/// In the order of their paths.
std::vector<FoundBuild> find_worker_builds(const std::string& folder, const std::string& name);

}  // namespace mw::boinc
