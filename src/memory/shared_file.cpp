#include "memory/shared_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "memory/shared_block.hpp"
#include "process/place.hpp"
#include "process/room.hpp"

namespace mw::memory {
namespace {

/// The file of an empty value has a byte, so that it can be mapped.
std::size_t length_of(std::size_t size) noexcept { return std::max<std::size_t>(size, 1); }

[[noreturn]] void cannot_be_shared(std::size_t size, const std::string& why) {
  throw InterfaceError{fmt::format("a value of {} bytes cannot be shared: {}", size, why)};
}

void write_all(int fd, std::span<const std::byte> bytes) {
  for (std::size_t put = 0; put < bytes.size();) {
    const ssize_t more = ::pwrite(fd, bytes.data() + put, bytes.size() - put, static_cast<off_t>(put));
    if (more < 0 && errno == EINTR) continue;
    if (more <= 0) cannot_be_shared(bytes.size(), fmt::format("there is no memory for it: {}", std::strerror(errno)));
    put += static_cast<std::size_t>(more);
  }
}

}  // namespace

std::shared_ptr<SharedFile> SharedFile::make(std::span<const std::byte> bytes) {
  static std::atomic<std::uint64_t> last_number{0};
  process::UniqueFd fd{::memfd_create("shared value", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  if (fd.get() < 0 || !process::leaves_descriptors(fd.get()))
    cannot_be_shared(bytes.size(), "this process has no descriptor free (ulimit -n); each shared value takes one until it goes");
  if (length_of(bytes.size()) > process::largest_file())
    cannot_be_shared(bytes.size(), fmt::format("the limit of a file is {} bytes (ulimit -f)", process::largest_file()));
  if (::ftruncate(fd.get(), static_cast<off_t>(length_of(bytes.size()))) != 0) cannot_be_shared(bytes.size(), std::strerror(errno));
  write_all(fd.get(), bytes);
  // Whoever maps it reads the same as everybody else, for as long as he likes.
  if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    cannot_be_shared(bytes.size(), std::strerror(errno));
  return std::shared_ptr<SharedFile>{new SharedFile{++last_number, std::move(fd), bytes.size()}};
}

std::shared_ptr<SharedFile> SharedFile::open(const SharedInput& input) {
  const auto size = static_cast<std::size_t>(input.size);
  process::UniqueFd fd{::open(input.from.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (fd.get() < 0 && (errno == EMFILE || errno == ENFILE)) throw NoRoomError{"this process has no descriptor free (ulimit -n)"};
  struct stat status = {};
  if (fd.get() < 0 || ::fstat(fd.get(), &status) != 0)
    throw InterfaceError{fmt::format("{} cannot be opened: {}", input.from, std::strerror(errno))};
  if (!S_ISREG(status.st_mode) || (input.inode != 0 && status.st_ino != input.inode))
    throw InterfaceError{fmt::format("{} is not the file that it was", input.from)};
  if (static_cast<std::uint64_t>(status.st_size) < length_of(size))
    throw InterfaceError{fmt::format("{} has {} bytes instead of {}", input.from, status.st_size, input.size)};
  std::shared_ptr<SharedFile> value{new SharedFile{input.number, std::move(fd), size}};
  value->map();
  value->fd_ = {};
  return value;
}

SharedFile::~SharedFile() {
  if (memory_) ::munmap(const_cast<std::byte*>(memory_), length_of(size_));
  if (made_in_ != process::fork_count()) return;  // its master lives elsewhere
  for (const auto& listener : listeners_) listener->shared_value_gone(number_);
}

void SharedFile::map() const {
  std::lock_guard lock{mutex_};
  if (memory_) return;
  void* const memory = ::mmap(nullptr, length_of(size_), PROT_READ, MAP_SHARED, fd_.get(), 0);
  if (memory == MAP_FAILED)
    throw NoRoomError{fmt::format("there is no memory for its {} bytes: {} (ulimit -v)", size_, std::strerror(errno))};
  memory_ = static_cast<const std::byte*>(memory);
}

std::span<const std::byte> SharedFile::bytes() const {
  map();
  return {memory_, size_};
}

SharedInput SharedFile::input() const {
  return {number_, size_, process::inode_of(fd_.get()), fmt::format("/proc/{}/fd/{}", ::getpid(), fd_.get())};
}

void SharedFile::tell(const std::shared_ptr<SharedListener>& listener) const {
  std::lock_guard lock{mutex_};
  if (std::find(listeners_.begin(), listeners_.end(), listener) == listeners_.end()) listeners_.push_back(listener);
}

}  // namespace mw::memory
