// What a process found around it when it began something: folder, environment variables, umask.
//
// What:    children that are started later, in place of others, begin with these, whatever this process has changed
//          meanwhile.
// Owner:   keeps the folder open.
// Threads: immutable once made.
// Use:
//     command.origin = Origin::now();
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "process/unique_fd.hpp"

namespace mw::process {

struct Origin {
  UniqueFd folder;
  std::vector<std::string> environment;  ///< lines as in `environ`
  std::optional<mode_t> umask;           ///< empty: this system does not tell

  static std::shared_ptr<const Origin> now();
};

}  // namespace mw::process
