// What a BOINC server has no room for.
//
// What:    its feeder has tables of fixed sizes and ends, for all applications, when there is one more (BOINC,
//          sched/sched_shmem.h). What a project has is in its project.xml, in apps/, and in its database where `mysql`
//          reaches it.
// Owner:   values.
// Threads: any; asking the database may take seconds.
// Use:
//     refuse_if_full(folder, "monte_pi", {});                          // throws InterfaceError that says what to do
#pragma once

#include <cstddef>
#include <string>

namespace mw::boinc {

/// As BOINC has them unless it was compiled otherwise.
struct FeederLimits {
  std::size_t apps = 10;      ///< MAX_APPS
  std::size_t versions = 99;  ///< one less than MAX_APP_VERSIONS: at that number it ends
};

/// Whether the project cannot take this application, or `new_versions` more of its versions.
void refuse_if_full(const std::string& project, const std::string& app, std::size_t new_versions, const FeederLimits& limits);

}  // namespace mw::boinc
