// The worker builds that volunteers run: one file for each platform.
//
// What:    finds the worker builds of this program (FOLDER/PLATFORM/NAME), tells what platform each is for from the
//          file itself, signs it, and gives it a name and a version by its content.
// Owner:   a value; keeps the files open as they are now.
// Threads: read only once made.
// Use:
//     const AppVersions versions = AppVersions::find(database, keys, settings, folder);
//     if (const WorkerBuild* build = versions.for_platforms(request.platforms)) …
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "boinc/server/keys.hpp"
#include "boinc/server/settings.hpp"
#include "process/unique_fd.hpp"
#include "sqlite/database.hpp"

namespace mw::boinc {

struct WorkerBuild {
  std::string platform;                           ///< BOINC's name: "x86_64-pc-linux-gnu"
  std::shared_ptr<const process::UniqueFd> file;  ///< open: what is put in its place later is another build
  std::string file_name;                          ///< what volunteers call it
  std::int64_t version_num = 0;
  std::int64_t nbytes = 0;
  std::string md5;
  std::string signature;
  std::string path() const { return "/proc/self/fd/" + std::to_string(file->get()); }
};

class AppVersions {
 public:
  /// Throws InterfaceError if there is none, or one is not signed and cannot be signed here.
  static AppVersions find(sqlite::Database& database, const Keys& keys, const Settings& settings, const std::string& folder);

  /// For the first of the platforms that there is one for; null if there is none.
  const WorkerBuild* for_platforms(const std::vector<std::string>& platforms) const noexcept;
  const WorkerBuild* by_file_name(std::string_view file_name) const noexcept;
  const std::vector<WorkerBuild>& all() const noexcept { return builds_; }

 private:
  std::vector<WorkerBuild> builds_;
};

}  // namespace mw::boinc
