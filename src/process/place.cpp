#include "process/place.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "process/process_facts.hpp"

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

pid_t parent_of(pid_t pid) {
  const auto facts = ProcessFacts::of(pid);
  return facts ? facts->parent : 0;
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "localhost";
}

UniqueFd open_descriptor(const ForeignFile& file) {
  const std::string path = fmt::format("/proc/{}/fd/{}", file.pid, file.descriptor);
  UniqueFd fd{::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK)};
  if (fd.get() < 0 && (errno == EMFILE || errno == ENFILE)) return fd;
  if (fd.get() < 0) throw InterfaceError{fmt::format("{} cannot be opened: {}", path, std::strerror(errno))};
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
  // Not in a folder for temporary files: anyone may make one there first, and it goes.
  if (!home || *home != '/')
    throw InterfaceError{
        "there is no folder for what must outlive this program, since HOME is not set: name one (state=FOLDER, --folder FOLDER)"};
  return std::string{home} + "/.local/state/cppmw";
}

std::string temporary_folder_path() {
  std::error_code error;
  std::filesystem::path base = std::filesystem::temp_directory_path(error);
  if (error) base = "/tmp";
  return base / fmt::format("cppmw-{}", ::getuid());
}

std::string make_temporary_folder() {
  std::string path = temporary_folder_path();
  if (::mkdir(path.c_str(), 0700) == 0) return path;
  if (errno != EEXIST) throw InterfaceError{fmt::format("the folder {} cannot be made: {}", path, std::strerror(errno))};
  if (!is_for_user_alone(path))
    throw InterfaceError{fmt::format("{} is not a folder of this user alone (mode 700); remove it", path)};
  return path;
}

bool is_for_user_alone(const std::string& folder) noexcept {
  struct stat status = {};
  return ::lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == ::getuid() &&
         (status.st_mode & 0077) == 0;
}

}  // namespace mw::process
