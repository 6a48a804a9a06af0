// Where this process is in the tree of control groups.
//
// What:    the folders of a controller's files, from the process's own group up to the root.
// Owner:   nothing.
// Threads: any.
// Use:
//     for (const auto& folder : cgroup_folders("", "cpu")) read(folder + "/cpu.max");
#pragma once

#include <string>
#include <vector>

namespace mw::process {

/// For version 2 (/sys/fs/cgroup or /sys/fs/cgroup/unified) and for `controller` of version 1, nearest group first.
/// Folders may not exist: inside a container the path names groups outside of it. `root` stands for "/" in tests.
std::vector<std::string> cgroup_folders(const std::string& root, const std::string& controller);

}  // namespace mw::process
