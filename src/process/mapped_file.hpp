// A file as memory, to be read: only what is looked at is in memory, and the system may take it away again.
//
// What:    MappedFile maps a whole regular file. Nobody may make it shorter meanwhile.
// Owner:   owns the mapping.
// Threads: a value; any number may read.
// Use:
//     const MappedFile file{path};  use(file.span());       // throws InterfaceError
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>

namespace mw::process {

class MappedFile {
 public:
  /// Throws InterfaceError if it is not there, or is no regular file.
  explicit MappedFile(const std::string& path);
  MappedFile(MappedFile&& other) noexcept : memory_{std::exchange(other.memory_, {})} {}
  MappedFile& operator=(MappedFile&& other) noexcept {
    std::swap(memory_, other.memory_);
    return *this;
  }
  ~MappedFile();

  std::span<const std::byte> span() const noexcept { return memory_; }

 private:
  std::span<const std::byte> memory_;
};

}  // namespace mw::process
