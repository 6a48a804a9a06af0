// A project's download folder: where a staged file is, and who can write there.
//
// What:    files lie in folders that are named by a hash of the file's name (BOINC, sched/sched_util.cpp:
//          dir_hier_path). They are made by whoever needs one first, the project's owner or its web server, and the
//          other has to be able to write there, too.
// Owner:   values.
// Threads: any.
// Use:
//     const DownloadTree tree = download_tree("/home/boincadm/projects/pi");            // throws InterfaceError
//     exists(tree.path_of("pi_1_in"));
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mw::boinc {

struct DownloadTree {
  std::string folder;  ///< absolute
  unsigned fanout = 1024;

  std::string path_of(const std::string& file) const;
};

/// As the project's config.xml has it.
DownloadTree download_tree(const std::string& project);

/// What the two who write there need: every folder is there, and open to its group.
struct TreeFaults {
  std::size_t missing = 0;                ///< folders that are made when the first file needs them, by one of the two
  std::vector<std::string> closed;        ///< this user's, and not open to its group
  std::vector<std::string> inaccessible;  ///< somebody else's, and this user cannot write there
};
TreeFaults faults_of(const DownloadTree& tree);
/// Makes what is missing, and opens what is this user's. Throws InterfaceError.
void mend(const DownloadTree& tree, const TreeFaults& faults);

/// Empty: the file is there, as it is at `path`; else what is wrong with it.
std::string staging_fault(const DownloadTree& tree, const std::string& file, const std::string& path);

}  // namespace mw::boinc
