// The worker builds of a program, as mw_add_app leaves them: FOLDER/PLATFORM/NAME.
//
// What:    finds them, and tells from each file itself what platform it is for, and whether it was made of the sources
//          that this program was made of.
// Owner:   values; the files stay where they are.
// Threads: any.
// Use:
//     for (const FoundBuild& build : find_worker_builds("bin/workers", "monte_pi")) …
#pragma once

#include <string>
#include <vector>

namespace mw::builds {

/// The platform an executable is for, by its ELF header (System V ABI), as BOINC calls it: "x86_64-pc-linux-gnu",
/// "aarch64-unknown-linux-gnu", "arm-unknown-linux-gnueabihf"; empty for others.
std::string platform_of_file(const std::string& path);

struct FoundBuild {
  std::string platform;
  std::string path;
};
/// In the order of their paths.
std::vector<FoundBuild> find_worker_builds(const std::string& folder, const std::string& name);

/// Whether the file has this program's build stamp in it; true where this program has none. Throws InterfaceError if it
/// cannot be read.
bool is_of_these_sources(const std::string& path);

}  // namespace mw::builds
