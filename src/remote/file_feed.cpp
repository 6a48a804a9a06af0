#include "remote/file_feed.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "wire/messages.hpp"

namespace mw::remote {

std::unique_ptr<FileFeed> FileFeed::open(const std::string& path) {
  auto feed = std::make_unique<FileFeed>();
  feed->fd_ = process::UniqueFd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat status = {};
  if (feed->fd_.get() < 0 || ::fstat(feed->fd_.get(), &status) != 0 || !S_ISREG(status.st_mode)) return nullptr;
  feed->version_ = {status.st_dev, status.st_ino, status.st_size,
                    std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
  feed->is_executable_ = (status.st_mode & 0111) != 0;
  return feed;
}

bool FileFeed::next(Bytes& out) {
  std::vector<std::byte> buffer(static_cast<std::size_t>(std::min<std::int64_t>(piece_size, version_.size - sent_)));
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const ssize_t got = ::pread(fd_.get(), buffer.data() + filled, buffer.size() - filled, sent_ + static_cast<off_t>(filled));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    filled += static_cast<std::size_t>(got);
  }
  sent_ += static_cast<std::int64_t>(filled);
  const bool is_last = sent_ == version_.size;
  wire::append(out, wire::FilePiece{number_, is_executable_, is_last, is_asked_for_, buffer});
  return !is_last;
}

}  // namespace mw::remote
