#include "process/place.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

#include <mw/error.hpp>

namespace mw::process {

std::string own_place() {
  std::string boot;
  if (!(std::ifstream{"/proc/sys/kernel/random/boot_id"} >> boot)) return {};
  std::string place = fmt::format("{} {}", boot, ::getuid());
  // Hosts that are namespaces of one machine count as machines of their own.
  for (const char* space : {"pid", "mnt", "net", "uts"}) {
    struct stat status = {};
    if (::stat(fmt::format("/proc/self/ns/{}", space).c_str(), &status) != 0) return {};
    place += fmt::format(" {}", status.st_ino);
  }
  return place;
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "localhost";
}

UniqueFd open_descriptor(const ForeignFile& file) {
  const std::string path = fmt::format("/proc/{}/fd/{}", file.pid, file.descriptor);
  UniqueFd fd{::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK)};
  if (fd.get() < 0) throw InterfaceError{fmt::format("{} can not be opened: {}", path, std::strerror(errno))};
  if (inode_of(fd.get()) != file.inode) throw InterfaceError{fmt::format("{} is not the file that it was", path)};
  return fd;
}

std::uint64_t inode_of(int fd) noexcept {
  struct stat status = {};
  return ::fstat(fd, &status) == 0 ? status.st_ino : 0;
}

std::string state_folder() {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state && *state == '/') return std::string{state} + "/cppmw";
  const char* home = std::getenv("HOME");
  return home && *home ? std::string{home} + "/.local/state/cppmw" : "/tmp/cppmw";
}

}  // namespace mw::process
