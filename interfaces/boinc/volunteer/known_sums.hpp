// The MD5 of files that are looked at again and again.
//
// What:    a file is read again when it may have changed: when it is another one (device, inode), or its size, or a
//          time of its last change (of its content, of anything of it: the second cannot be set) is not what it was
//          when it was read. A file that changed in the last moment before it was read is read again, too: what comes
//          after may have the same time.
// Owner:   a value; the files are others'.
// Threads: one.
// Use:
//     const std::string sum = sums.of(path);                // throws InterfaceError
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "boinc/protocol/md5.hpp"

namespace mw::boinc {

class KnownSums {
 public:
  explicit KnownSums(std::function<std::string(const std::string&)> sum = md5_of_file) : sum_{std::move(sum)} {}
  std::string of(const std::string& path);
  void forget(const std::string& path) { known_.erase(path); }

 private:
  struct Version {
    std::uint64_t device = 0, inode = 0;
    std::int64_t size = 0, written_ns = 0, changed_ns = 0;
    friend bool operator==(const Version&, const Version&) = default;
  };
  struct Known {
    Version version;
    std::string sum;
  };
  static Version version_of(const std::string& path);

  std::function<std::string(const std::string&)> sum_;
  std::map<std::string, Known> known_;
};

}  // namespace mw::boinc
