// What there is to download: worker builds, data files, workunits' inputs.
//
// What:    finds it by its name. Everything but the smallest inputs is a file, so that a client which does not read costs no memory: a
//          larger input is copied out of the database into a nameless file that all who download it share.
// Owner:   a Download owns its descriptor.
// Threads: the server's.
// Use:
//     if (const auto content = downloads.find(name)) …
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "boinc/server/project.hpp"
#include "process/unique_fd.hpp"

namespace mw::boinc {

struct Download {
  std::int64_t size = 0;
  std::shared_ptr<const process::UniqueFd> file;  ///< null: it is here
  std::string bytes = {};
};

class Downloads {
 public:
  explicit Downloads(Project& project) : project_{project} {}
  /// Throws InterfaceError if it can not be read now.
  std::optional<Download> find(const std::string& name);

 private:
  std::optional<Download> input(std::int64_t workunit);
  std::shared_ptr<const process::UniqueFd> spool(sqlite::BlobReader& blob);

  Project& project_;
  std::unordered_map<std::int64_t, std::weak_ptr<const process::UniqueFd>> spooled_;  ///< inputs, by workunit
};

}  // namespace mw::boinc
