// Copies of the tasks' data files, for volunteers.
//
// What:    a file is copied and summed up in one go, so that what is sent is what was summed up.
// Owner:   the copy is the caller's.
// Threads: any.
// Use:
//     const CopiedFile copy = copy_file("genome.fa", folder / "incoming");         // throws worker::StagingError
#pragma once

#include <cstdint>
#include <string>

namespace mw::boinc {

struct CopiedFile {
  std::string md5;
  std::int64_t nbytes = 0;
  bool is_executable = false;
};

CopiedFile copy_file(const std::string& from, const std::string& to);

}  // namespace mw::boinc
