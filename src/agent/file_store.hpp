// Data files that came from a master.
//
// What:    puts the pieces of numbered files together in this process's own folder, where other stores may have files
//          of the same numbers.
// Owner:   the files go with the store.
// Threads: one at a time.
// Use:
//     store.add(piece);
//     path = store.path_of(3);
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "process/unique_fd.hpp"
#include "wire/messages.hpp"

namespace mw::agent {

class FileStore {
 public:
  /// They lie in `folder`, which whoever is given their paths knows as `seen_as`;
  /// without, in this process's own folder.
  explicit FileStore(std::string folder = {}, std::string seen_as = {}) noexcept;
  ~FileStore();
  FileStore(const FileStore&) = delete;
  FileStore& operator=(const FileStore&) = delete;
  /// Never throws for want of disk or permission: such a file is broken, and path_of() says why.
  void add(const wire::FilePiece& piece);
  /// The same file that another store of this host has. If it cannot be had, it is missing.
  void link(const wire::FileLink& link);
  bool is_missing(std::uint64_t file) const;
  /// Gives it up, if it is there.
  void remove(std::uint64_t file) noexcept;
  /// Where the file is for who is given it; a path that does not exist, and says why, if it is broken or did not come
  /// whole.
  std::string path_of(std::uint64_t file) const;
  /// The same, for this process and others beside it.
  std::string own_path_of(std::uint64_t file) const;

 private:
  struct File {
    process::UniqueFd fd;
    std::string path;
    std::string error;
    bool is_whole = false;
    bool is_missing = false;
  };
  static void open(File& file, bool is_executable);
  std::string place_for(std::uint64_t number) const;

  const std::string folder_, seen_as_;
  const std::uint64_t store_;  ///< which one of this process's
  std::unordered_map<std::uint64_t, File> files_;
};

}  // namespace mw::agent
