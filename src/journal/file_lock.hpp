// Whose journal it is for now.
//
// What:    a lock on a file beside the journal, which one process on one machine has at a time.
// Owner:   owns the file beside it, and removes it.
// Threads: any; one object, one thread at a time.
// Use:
//     const FileLock lock{"run.mwj"};                          // throws JournalError that says who has it
#pragma once

#include <string>

#include "process/unique_fd.hpp"

namespace mw::journal {

/// The file that a path leads to, through symbolic links: of one journal there is one lock. The path itself if that
/// cannot be told.
std::string real_path(const std::string& path);

/// Whoever has it may write. It is a file beside the journal, which goes with the owner.
class FileLock {
 public:
  /// Throws JournalError if another master has it, and says which; or where this file system has no locks.
  explicit FileLock(const std::string& journal);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  std::string path_;
  process::UniqueFd file_;
};

}  // namespace mw::journal
