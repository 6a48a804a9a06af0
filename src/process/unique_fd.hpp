// A file descriptor that closes itself.
//
// What:    UniqueFd.
// Owner:   owns the descriptor.
// Threads: a plain value.
// Use:
//     UniqueFd folder{::open(".", O_PATH | O_CLOEXEC)};
#pragma once

#include <unistd.h>

#include <utility>

namespace mw::process {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) noexcept : fd_{fd} {}
  UniqueFd(UniqueFd&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UniqueFd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const noexcept { return fd_; }

 private:
  int fd_ = -1;
};

}  // namespace mw::process
