// The files that a host is to have once, however many workers it has.
//
// What:    the first worker that asks for a file brings it. Those of the same host that ask meanwhile wait until it is
//          there, and later ones find it: each links it into its own folder, and then has it whatever becomes of the
//          first. If the one that brings a file is lost, the next one brings it.
// Owner:   shared by the workers of one host; knows them for as long as they ask and wait.
// Threads: one at a time (the master's loop).
// Use:
//     const auto way = host.ask(version, *this, number);    // bring it, wait for a word, or link it at way.path
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "remote/file_feed.hpp"

namespace mw::remote {

/// A worker that has asked for a file, which it knows by a number of its own.
class FileUser {
 public:
  virtual void bring_file(std::uint64_t file) = 0;
  virtual void link_file(std::uint64_t file, const std::string& path) = 0;
  /// Nobody needs it any more.
  virtual void skip_file(std::uint64_t file) = 0;

 protected:
  ~FileUser() = default;
};

class HostFiles {
 public:
  enum class Way : std::uint8_t { bring, wait, link };
  struct Answer {
    Way way;
    std::string path = {};  ///< on the host, where the file is to be linked
  };
  Answer ask(const FileVersion& version, FileUser& user, std::uint64_t file);
  /// It is there now, whole, under this path.
  void arrived(const FileVersion& version, const FileUser& user, const std::string& path);
  /// This one brings nothing any more; what it has brought may be gone.
  void lost(const FileUser& user);
  /// The same, and nobody is to bring it instead.
  void leave(const FileUser& user);
  void forget(const FileVersion& version);

 private:
  struct Asking {
    FileUser* user;
    std::uint64_t file;
  };
  struct File {
    const FileUser* bringer = nullptr;
    std::string path;  ///< empty: on its way
    std::vector<Asking> waiting;
  };

  std::map<FileVersion, File> files_;
};

}  // namespace mw::remote
