// The folder of a volunteer: its own, and nobody else's.
//
// What:    Home makes it, or checks that it is one: of this user, for nobody else to look into, and not a folder with
//          other things in it. It is locked as long as Home lives.
// Owner:   owns the lock.
// Threads: one.
// Use:
//     Home home{"~/.local/state/cppmw/volunteer"};          // throws InterfaceError
//     write(home.path() / "state.json", …);
#pragma once

#include <filesystem>
#include <string>

#include "process/unique_fd.hpp"

namespace mw::boinc {

class Home {
 public:
  explicit Home(const std::string& folder);
  const std::filesystem::path& path() const noexcept { return path_; }
  std::string state_path() const { return (path_ / "state.json").string(); }
  /// Removes what is known to be a volunteer's, and the folder if nothing else is in it.
  void remove();

 private:
  const std::filesystem::path path_;
  process::UniqueFd lock_;
};

}  // namespace mw::boinc
