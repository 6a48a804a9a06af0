#include "process/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "process/unique_fd.hpp"

namespace mw::process {

MappedFile::MappedFile(const std::string& path) {
  const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  struct stat status = {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0)
    throw InterfaceError{fmt::format("{} cannot be read: {}", path, std::strerror(errno))};
  if (!S_ISREG(status.st_mode)) throw InterfaceError{fmt::format("{} cannot be read: it is no file", path)};
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return;
  void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
  if (memory == MAP_FAILED) throw InterfaceError{fmt::format("{} cannot be mapped: {}", path, std::strerror(errno))};
  memory_ = {static_cast<const std::byte*>(memory), size};
}

MappedFile::~MappedFile() {
  if (!memory_.empty()) ::munmap(const_cast<std::byte*>(memory_.data()), memory_.size());
}

}  // namespace mw::process
