// A data file on its way to an agent.
//
// What:    reads a file piece by piece as wire::FilePiece frames, as it is sent.
// Owner:   owns the descriptor.
// Threads: one at a time.
// Use:
//     auto feed = FileFeed::open(path, number);             // null: it cannot be read
//     while (feed->next(out)) send(out);
#pragma once

#include <sys/types.h>

#include <compare>
#include <cstdint>
#include <memory>
#include <string>

#include <mw/bytes.hpp>

#include "process/unique_fd.hpp"

namespace mw::remote {

/// A file as it was at some time.
struct FileVersion {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t changed_ns = 0;
  auto operator<=>(const FileVersion&) const = default;
};

class FileFeed {
 public:
  /// Null if there is no such regular file, or it cannot be read.
  static std::unique_ptr<FileFeed> open(const std::string& path);

  const FileVersion& version() const noexcept { return version_; }
  void set_number(std::uint64_t number) noexcept { number_ = number; }
  /// Its agent says where the file is when it is whole.
  void ask_where() noexcept { is_asked_for_ = true; }

  /// Appends the next piece. False when it was the last, or the file cannot be read on: then it never comes whole.
  bool next(Bytes& out);

 private:
  static constexpr std::size_t piece_size = 256 * 1024;
  process::UniqueFd fd_;
  FileVersion version_;
  std::uint64_t number_ = 0;
  std::int64_t sent_ = 0;
  bool is_executable_ = false;
  bool is_asked_for_ = false;
};

}  // namespace mw::remote
