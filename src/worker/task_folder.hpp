// The folder of a task that has one of its own.
//
// What:    while a TaskFolder exists, the thread works in a new folder that holds the task's data files, and nothing
//          else.
//          Files that come again are copied once a process: a task gets read-only links to the copies.
// Owner:   the folder goes with the TaskFolder, the copies with the process, or with remove_folder_of() when it was
//          killed.
// Threads: one TaskFolder a thread. In a process whose threads run tasks side by side, each calls
//          own_working_directory() first.
// Use:
//     TaskFolder folder{{{"/home/x/1ubq.pdb", "1ubq.pdb"}}};      // throws StagingError
//     outcome = execute(…);
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include <mw/error.hpp>
#include <mw/interface.hpp>
#include <mw/task_options.hpp>

namespace mw::worker {

/// Why no file may have this path in a task's folder: "is absolute", …; empty if it may.
std::string path_error(std::string_view path);

/// A file could not be placed; the text says which, and why.
class StagingError : public Error {
 public:
  using Error::Error;
};

/// The outcome of a task that ended so.
Outcome staging_failed(const StagingError& error);

class TaskFolder {
 public:
  explicit TaskFolder(const std::vector<DataFile>& files);
  ~TaskFolder();
  TaskFolder(const TaskFolder&) = delete;
  TaskFolder& operator=(const TaskFolder&) = delete;

  /// The thread works there again, if the task went elsewhere. Throws StagingError.
  void enter_again() const;

 private:
  void leave() noexcept;
  std::string home_;
  std::string path_;
};

/// The path of a program as this thread's task means it: one that is not in the task's folder is taken from where the
/// worker was before.
std::string program_path(const std::string& path);

/// From now on this thread has a working directory and a umask of its own (unshare(2), CLONE_FS). False where that
/// cannot be.
bool own_working_directory() noexcept;

/// This process's own folder, for files that tasks need; made if it is not there. Throws StagingError.
std::string own_folder();
/// Removes it.
void remove_own_folder() noexcept;
/// Removes it if nothing is in it.
void remove_empty_own_folder() noexcept;
/// The same for a process that was killed.
void remove_folder_of(pid_t pid) noexcept;

}  // namespace mw::worker
