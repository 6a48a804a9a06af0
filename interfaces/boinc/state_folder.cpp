#include "boinc/state_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "process/place.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view temporary_name = "boinc-";

/// An exclusive lock of a file or folder; nothing if another program has it.
process::UniqueFd locked(const fs::path& path, int flags, int operation) {
  process::UniqueFd fd{::open(path.c_str(), flags | O_CLOEXEC, 0600)};
  return fd.get() >= 0 && ::flock(fd.get(), operation) == 0 ? std::move(fd) : process::UniqueFd{};
}

process::UniqueFd lock_of(const fs::path& folder) {
  process::UniqueFd lock = locked(folder / "lock", O_RDWR | O_CREAT, LOCK_EX | LOCK_NB);
  if (lock.get() < 0)
    throw InterfaceError{fmt::format("boinc: the folder {} is in use by another program ({}); state= names another one",
                                     folder.string(), std::strerror(errno))};
  return lock;
}

/// Temporary folders of programs that were killed: nobody has their locks. Nobody makes one meanwhile.
void remove_abandoned(const fs::path& common) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator{common, ignored}) {
    if (!entry.path().filename().string().starts_with(temporary_name)) continue;
    const bool has_lock = fs::exists(entry.path() / "lock", ignored);
    if (has_lock && locked(entry.path() / "lock", O_RDWR, LOCK_EX | LOCK_NB).get() < 0) continue;
    fs::remove_all(entry.path(), ignored);
  }
}

std::string new_temporary_folder(const fs::path& common) {
  std::string name = (common / (std::string{temporary_name} + "XXXXXX")).string();
  if (!::mkdtemp(name.data()))
    throw InterfaceError{fmt::format("boinc: no folder can be made in {}: {}", common.string(), std::strerror(errno))};
  return name;
}

std::string made(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) fs::permissions(folder, fs::perms::owner_all, error);
  if (error)
    throw InterfaceError{fmt::format("boinc: the folder {} can not be made: {}; state= names another one, or \"temporary\"",
                                     folder.string(), error.message())};
  return fs::absolute(folder).string();
}

}  // namespace

StateFolder::StateFolder(const std::string& given, const std::string& usual) : is_temporary_{given == "temporary"} {
  const fs::path common = is_temporary_ ? process::make_temporary_folder() : process::temporary_folder_path();
  const process::UniqueFd alone = locked(common, O_RDONLY | O_DIRECTORY, LOCK_EX);
  if (alone.get() >= 0) remove_abandoned(common);
  if (is_temporary_)
    path_ = new_temporary_folder(common);
  else
    path_ = made(given.empty() ? fs::path{process::state_folder()} / usual : fs::path{given});
  lock_ = lock_of(path_);
}

StateFolder::~StateFolder() {
  std::error_code ignored;
  if (is_temporary_) fs::remove_all(path_, ignored);
}

}  // namespace mw::boinc
