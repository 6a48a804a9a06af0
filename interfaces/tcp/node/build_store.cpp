#include "tcp/node/build_store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "process/place.hpp"

namespace mw::tcp {
namespace {

namespace fs = std::filesystem;

/// A node works for a few programs, of each of which there are a few versions.
constexpr std::size_t most_builds = 32;
/// What is kept beside a new one.
constexpr std::uint64_t most_bytes = std::uint64_t{1} << 30;

[[noreturn]] void fail(const std::string& path, std::string_view what) {
  throw InterfaceError{fmt::format("{} cannot be {}: {}", path, what, std::strerror(errno))};
}

/// One that came in part is continued, unless another node is at it.
process::UniqueFd open_part(std::string& path) {
  process::UniqueFd file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (file.get() < 0) fail(path, "written");
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
  path += fmt::format(".{}", ::getpid());
  file = process::UniqueFd{::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (file.get() < 0) fail(path, "written");
  return file;
}

}  // namespace

BuildStore::BuildStore(std::string folder) : folder_{std::move(folder)} {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) throw InterfaceError{fmt::format("the folder {} cannot be made: {}", folder_, error.message())};
  fs::permissions(folder_, fs::perms::owner_all, error);
  if (!process::is_for_user_alone(folder_))
    throw InterfaceError{
        fmt::format("the folder {}, for programs that come from masters, is open to others: chmod 700 {}", folder_, folder_)};
}

Delivery BuildStore::begin(const crypto::Digest& sha256, std::uint64_t size) const {
  if (size == 0 || size > largest_build)
    throw InterfaceError{fmt::format("a program of {} bytes is none, or too large for a node ({} at most)", size, largest_build)};
  Delivery delivery;
  delivery.sha256_ = sha256;
  delivery.size_ = size;
  delivery.path_ = fmt::format("{}/{}", folder_, crypto::to_text(sha256));
  delivery.file_ = process::UniqueFd{::open(delivery.path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (delivery.file_.get() >= 0 && crypto::sha256_of_file(delivery.file_.get()) == sha256) {
    ::futimens(delivery.file_.get(), nullptr);  // the oldest goes first
    delivery.offset_ = size;
    return delivery;
  }
  remove_oldest();
  delivery.part_ = delivery.path_ + ".part";
  delivery.file_ = open_part(delivery.part_);
  struct stat status = {};
  if (::fstat(delivery.file_.get(), &status) != 0) fail(delivery.part_, "read");
  delivery.offset_ = std::min(static_cast<std::uint64_t>(status.st_size), size);
  return delivery;
}

void Delivery::add(std::span<const std::byte> bytes) {
  if (bytes.size() > size_ - offset_) throw InterfaceError{"more of a program came than there is of it"};
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset_));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail(part_, "written");
    offset_ += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

std::string Delivery::finish() {
  if (part_.empty()) return path_;
  if (::ftruncate(file_.get(), static_cast<off_t>(size_)) != 0 || crypto::sha256_of_file(file_.get()) != sha256_) {
    ::unlink(part_.c_str());
    throw InterfaceError{"the program that came is not the one that was promised: its sum is another one"};
  }
  if (::fchmod(file_.get(), 0700) != 0 || ::rename(part_.c_str(), path_.c_str()) != 0) fail(part_, "put in its place");
  file_ = process::UniqueFd{};  // nobody may write what is to run
  return path_;
}

void BuildStore::remove_oldest() const {
  struct Kept {
    fs::file_time_type time;
    fs::path path;
    std::uint64_t size;
  };
  std::vector<Kept> files;
  std::error_code error;
  for (fs::directory_iterator entry{folder_, error}; !error && entry != fs::directory_iterator{}; entry.increment(error)) {
    std::error_code gone;
    Kept file{entry->last_write_time(gone), entry->path(), 0};
    file.size = gone ? 0 : entry->file_size(gone);
    if (!gone) files.push_back(std::move(file));
  }
  std::sort(files.begin(), files.end(), [](const Kept& one, const Kept& other) { return one.time > other.time; });
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    bytes += files[i].size;
    if (i + 1 >= most_builds || bytes > most_bytes) fs::remove(files[i].path, error);
  }
}

}  // namespace mw::tcp
