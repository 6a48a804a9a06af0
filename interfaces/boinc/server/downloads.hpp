// What there is to download: worker builds, data files, workunits' inputs.
//
// What:    finds it by its name. Everything but the smallest inputs is a file, so that a client which does not read
//          costs no memory: a larger input that several tasks share is copied out of the database into a nameless file
//          that all who download it share; that of a task with large arguments is a file already.
// Owner:   a Content owns its descriptor.
// Threads: the server's.
// Use:
//     if (const auto content = downloads.find(name)) …
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "boinc/server/project.hpp"
#include "http/answer.hpp"
#include "process/unique_fd.hpp"

namespace mw::boinc {

class Downloads {
 public:
  explicit Downloads(Project& project) : project_{project} {}
  /// Throws InterfaceError if it cannot be read now.
  std::optional<http::Content> find(const std::string& name);

 private:
  static std::optional<http::Content> file(const std::string& path);
  std::optional<http::Content> input(std::int64_t workunit);
  std::shared_ptr<const process::UniqueFd> spool(sqlite::BlobReader& blob);

  Project& project_;
  std::unordered_map<std::int64_t, std::weak_ptr<const process::UniqueFd>> spooled_;  ///< inputs, by workunit
};

}  // namespace mw::boinc
