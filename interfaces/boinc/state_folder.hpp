// The folder of a run, and nobody else in it.
//
// What:    made if it is not there, locked as long as this lives; a temporary one is removed then, or, where its
//          program was killed, by the next one that is made. A folder that others can write to, or that holds what no
//          project has put there, is refused as it is.
// Owner:   owns the lock, and a temporary folder.
// Threads: one at a time.
// Use:
//     const StateFolder folder{options.state, "boinc/monte_pi"};           // throws InterfaceError
//     open_database(folder.path() + "/project.db");
#pragma once

#include <string>

#include "process/unique_fd.hpp"

namespace mw::boinc {

class StateFolder {
 public:
  /// `given` is a path, or "temporary", or empty: then it is `usual` in the user's folder for such things.
  StateFolder(const std::string& given, const std::string& usual);
  ~StateFolder();
  StateFolder(const StateFolder&) = delete;
  StateFolder& operator=(const StateFolder&) = delete;

  /// Absolute.
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
  bool is_temporary_ = false;
  process::UniqueFd lock_;
};

}  // namespace mw::boinc
