// The programs that nodes run: a worker build of this program for each platform.
//
// What:    finds the build for a platform, and knows the sum of its file, by which nodes know it. Where there is none
//          for this program's own platform, it is this program itself.
// Owner:   holds the files open: what is put in their place later is another build.
// Threads: the master's loop.
// Use:
//     const auto build = shelf.find("aarch64-unknown-linux-gnu");       // null: there is none
//     build->read(offset, room);
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "crypto/sha256.hpp"
#include "process/unique_fd.hpp"
#include "remote/task_messages.hpp"

namespace mw::tcp {

struct Build {
  process::UniqueFd file;
  std::string path;
  crypto::Digest sha256{};
  std::uint64_t size = 0;
  remote::Builds kind = remote::Builds::any;

  /// As much as fits from there. Throws InterfaceError if it cannot be read.
  std::size_t read(std::uint64_t offset, std::span<std::byte> room) const;
};

class BuildShelf {
 public:
  /// `folder`: where mw_add_app leaves them; empty: beside this program. `worker`: a program that nodes get instead;
  /// empty: none.
  BuildShelf(std::string folder, std::string worker);

  /// What the program is called.
  const std::string& program() const noexcept { return name_; }
  /// Null if there is none. Throws InterfaceError if it cannot be read.
  std::shared_ptr<const Build> find(const std::string& platform);
  /// Why not: for who has a node of that platform.
  std::string why_not(const std::string& platform) const;

 private:
  std::shared_ptr<const Build> look_for(const std::string& platform) const;

  std::shared_ptr<const Build> worker_for(const std::string& platform) const;

  std::string folder_;
  const std::string worker_;
  std::string name_;
  std::map<std::string, std::shared_ptr<const Build>> builds_;  ///< by platform; null: there is none
};

}  // namespace mw::tcp
