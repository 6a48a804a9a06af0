// Makes an existing BOINC project ready for the jobs of a CppMW application, or says what it lacks.
//
// What:    the application in project.xml, its templates, its worker builds as versions in apps/, and in config.xml the
//          daemons that validate and assimilate its results; a download folder that its owner and its web server can
//          write. What is there and fits stays as it is.
// Owner:   values; it writes into the project's folder.
// Threads: one at a time a project.
// Use:
//     for (const SetupItem& item : set_up_project({.folder = "/home/boincadm/projects/pi", .app = "monte_pi", .workers =
//     "bin/workers"}))
//       print(item.what, item.state);
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "boinc/policy/copies.hpp"
#include "boinc/setup/project_limits.hpp"

namespace mw::boinc {

struct SetupOptions {
  std::string folder;  ///< the project's
  std::string app;
  std::string title;    ///< the program's name, if that is another one than the application's
  std::string workers;  ///< the folder of the worker builds
  Copies copies;        ///< with a quorum, or with is_remote, they go into the templates; else each run says them
  std::uint64_t max_output = std::uint64_t{512} << 20;  ///< bytes that a workunit's results may have
  bool is_remote = false;                               ///< jobs come over the network: outputs stay until they are fetched
  bool only_check = false;                              ///< write nothing
  bool replace = false;                                 ///< templates that are there and say something else are written anew
  FeederLimits limits;
};

enum class SetupState : std::uint8_t {
  there,    ///< nothing to do
  written,  ///< now
  missing,  ///< and nothing was written, for only_check
  wrong,    ///< it is there and does not fit
};
std::string_view to_string(SetupState state) noexcept;

struct SetupItem {
  std::string what;
  SetupState state = SetupState::there;
  std::string why = {};  ///< what is wrong, or worth knowing
};

/// Throws UsageError for a folder that is no project's, InterfaceError for what cannot be read or written, and, before
/// anything is written, for a project that has no room for it. What has to run now is among the DuePrograms of the
/// folder.
std::vector<SetupItem> set_up_project(const SetupOptions& options);

}  // namespace mw::boinc
