#include "boinc/state_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "process/file.hpp"
#include "process/place.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view temporary_name = "boinc-";
constexpr const char* mark_name = "cppmw-project";

/// An exclusive lock of a file or folder; nothing if another program has it.
process::UniqueFd locked(const fs::path& path, int flags, int operation) {
  process::UniqueFd fd{::open(path.c_str(), flags | O_CLOEXEC, 0600)};
  return fd.get() >= 0 && ::flock(fd.get(), operation) == 0 ? std::move(fd) : process::UniqueFd{};
}

process::UniqueFd lock_of(const fs::path& folder) {
  process::UniqueFd lock = locked(folder / "lock", O_RDWR | O_CREAT | O_NOFOLLOW, LOCK_EX | LOCK_NB);
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

[[noreturn]] void refuse(const fs::path& folder, const std::string& why) {
  throw InterfaceError{
      fmt::format("boinc: the folder {} cannot be used: {}; state= names another one, or \"temporary\"", folder.string(), why)};
}

struct stat facts_of(const fs::path& path) {
  struct stat facts = {};
  if (::lstat(path.c_str(), &facts) != 0) refuse(path, std::strerror(errno));
  return facts;
}

/// Nobody else may have put anything in.
void check_owner(const fs::path& folder) {
  const struct stat facts = facts_of(folder);
  if (!S_ISDIR(facts.st_mode)) refuse(folder, "it is no folder");
  if (facts.st_uid != ::getuid()) refuse(folder, fmt::format("it belongs to user {}", facts.st_uid));
  constexpr mode_t writable_by_others = 0022;
  if ((facts.st_mode & writable_by_others) != 0)
    refuse(folder, fmt::format("others may write to it (mode {:o})", facts.st_mode & 07777));
}

/// It is empty, or one that a run has made; and nothing in it leads elsewhere.
void check_content(const fs::path& folder) {
  const auto has = [&](const char* name) { return fs::exists(fs::symlink_status(folder / name)); };
  if (!fs::is_empty(folder) && !has(mark_name) && !(has("project.db") && has("secret")) && !has("submitted.db"))
    refuse(folder, fmt::format("it is not empty, and no project made it (there is no {} in it)", mark_name));
  for (const auto& entry : fs::directory_iterator{folder}) {
    const struct stat facts = facts_of(entry.path());
    if (facts.st_uid != ::getuid())
      refuse(folder, fmt::format("{} in it belongs to user {}", entry.path().filename().string(), facts.st_uid));
    if (!S_ISREG(facts.st_mode) && !S_ISDIR(facts.st_mode))
      refuse(folder, fmt::format("{} in it is a link, or no file", entry.path().filename().string()));
  }
}

/// Before anything else is put in, so that the next run knows the folder whatever happens to this one.
void mark(const fs::path& folder) {
  if (fs::exists(folder / mark_name)) return;
  process::write_file(folder / mark_name, "CppMW keeps a project here, and deletes what it does not need any more.\n", 0600);
}

/// "x/" is "x": its last part is what is looked at.
fs::path without_end(const std::string& given) {
  const fs::path path = fs::absolute(given).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

/// The given folder, its links resolved; made if it is not there.
std::string made(const fs::path& given) {
  try {
    fs::create_directories(given.parent_path().empty() ? fs::path{"."} : given.parent_path());
    if (::mkdir(given.c_str(), 0700) != 0 && errno != EEXIST) refuse(given, std::strerror(errno));
    // A link may be the user's own; one of somebody else's leads where he likes.
    if (const struct stat facts = facts_of(given); S_ISLNK(facts.st_mode) && facts.st_uid != ::getuid() && facts.st_uid != 0)
      refuse(given, fmt::format("it is a link of user {}", facts.st_uid));
    const fs::path folder = fs::canonical(given);
    check_owner(folder);
    check_content(folder);
    fs::permissions(folder, fs::perms::owner_all);
    mark(folder);
    return folder.string();
  } catch (const fs::filesystem_error& e) {
    refuse(given, e.code().message());
  }
}

}  // namespace

StateFolder::StateFolder(const std::string& given, const std::string& usual) : is_temporary_{given == "temporary"} {
  const fs::path common = is_temporary_ ? process::make_temporary_folder() : process::temporary_folder_path();
  const process::UniqueFd alone = locked(common, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, LOCK_EX);
  if (alone.get() >= 0 && process::is_for_user_alone(common)) remove_abandoned(common);
  if (is_temporary_)
    path_ = new_temporary_folder(common);
  else
    path_ = made(given.empty() ? fs::path{process::state_folder()} / usual : without_end(given));
  lock_ = lock_of(path_);
}

StateFolder::~StateFolder() {
  std::error_code ignored;
  if (is_temporary_) fs::remove_all(path_, ignored);
}

}  // namespace mw::boinc
