#include "worker/memory_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <mw/error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "process/room.hpp"
#include "process/shortage.hpp"

namespace mw::worker {

int make_memory_file(const char* name) {
  // A file that ends before the limit on file sizes (ulimit -f) is full before a write meets that, which would be the
  // writer's death.
  constexpr off_t page = 4096;
  const auto largest = static_cast<off_t>(process::largest_file());
  const off_t room = std::min(static_cast<off_t>(printed_limit), largest / page * page - 3 * page);
  if (room <= 0)
    throw InterfaceError{
        fmt::format("no memory file for a worker's {}: the limit on file sizes (ulimit -f) is {} bytes", name, largest)};
  const int fd = ::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) throw InterfaceError{fmt::format("no memory file for a worker's {}: {}", name, process::shortage(errno))};
  if (::ftruncate(fd, room) != 0 || ::fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) != 0) {
    const int error = errno;
    ::close(fd);
    throw InterfaceError{fmt::format("a memory file for a worker's {} cannot be limited: {}", name, std::strerror(error))};
  }
  return fd;
}

bool is_memory_file(int fd) noexcept { return ::fcntl(fd, F_GET_SEALS) >= 0; }

std::size_t room_of(int file) noexcept {
  struct stat status = {};
  return ::fstat(file, &status) == 0 ? static_cast<std::size_t>(status.st_size) : 0;
}

std::size_t written_to(int file) noexcept { return static_cast<std::size_t>(std::max(::lseek(file, 0, SEEK_CUR), off_t{0})); }

std::string read_memory_file(int fd) {
  if (!is_memory_file(fd)) return {};
  std::string text(written_to(fd), '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t got = ::pread(fd, text.data() + have, text.size() - have, static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  text.resize(have);
  return text;
}

void empty_memory_file(int file) noexcept {
  const std::size_t size = written_to(file);
  ::lseek(file, 0, SEEK_SET);
  if (size > 65'536) ::fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size));
}

}  // namespace mw::worker
