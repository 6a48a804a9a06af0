// Programs that masters have sent, kept under their sum.
//
// What:    a program that was here before is not sent again; one that came in part is continued. Each is checked
//          against its sum before it may run.
// Owner:   the folder's files stay, up to a number of them: the oldest goes.
// Threads: one at a time; several nodes may have one folder.
// Use:
//     Delivery delivery = store.begin(sha256, size);
//     while (!delivery.is_whole()) delivery.add(piece);     // from delivery.offset() on
//     const std::string path = delivery.finish();           // throws InterfaceError if it is not what was promised
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "crypto/sha256.hpp"
#include "process/unique_fd.hpp"

namespace mw::tcp {

/// A larger program is refused.
inline constexpr std::uint64_t largest_build = std::uint64_t{4} << 30;

class Delivery {
 public:
  /// So many of its bytes are here.
  std::uint64_t offset() const noexcept { return offset_; }
  bool is_whole() const noexcept { return offset_ == size_; }
  /// The next ones. Throws InterfaceError if they cannot be kept, or are too many.
  void add(std::span<const std::byte> bytes);
  /// Where the program is. Throws InterfaceError if its sum is another one; then it has to come anew.
  std::string finish();

 private:
  friend class BuildStore;
  Delivery() = default;

  crypto::Digest sha256_{};
  std::string path_;  ///< where it will be
  std::string part_;  ///< where it is; empty: it was there before
  process::UniqueFd file_;
  std::uint64_t offset_ = 0;
  std::uint64_t size_ = 0;
};

class BuildStore {
 public:
  /// The folder is made if need be. Throws InterfaceError if that is not possible, or if it is not this user's alone.
  explicit BuildStore(std::string folder);

  /// Throws InterfaceError if there is no room for it.
  Delivery begin(const crypto::Digest& sha256, std::uint64_t size) const;

 private:
  void remove_oldest() const;

  std::string folder_;
};

}  // namespace mw::tcp
