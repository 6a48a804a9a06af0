#include "boinc/state_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "process/place.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;

fs::path new_temporary_folder() {
  std::string name = (fs::temp_directory_path() / "cppmw-boinc-XXXXXX").string();
  if (!::mkdtemp(name.data()))
    throw InterfaceError{fmt::format("boinc: no folder can be made in {}: {}", name, std::strerror(errno))};
  return name;
}

}  // namespace

StateFolder::StateFolder(const std::string& given, const std::string& usual) : is_temporary_{given == "temporary"} {
  const fs::path path = is_temporary_   ? new_temporary_folder()
                        : given.empty() ? fs::path{process::state_folder()} / usual
                                        : fs::path{given};
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw InterfaceError{fmt::format("boinc: the folder {} can not be made: {}", path.string(), error.message())};
  fs::permissions(path, fs::perms::owner_all, error);
  path_ = fs::absolute(path).string();
  lock_ = process::UniqueFd{::open((path / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  if (lock_.get() < 0 || ::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0)
    throw InterfaceError{fmt::format("boinc: the folder {} is in use by another program ({}); state= names another one", path_,
                                     std::strerror(errno))};
}

StateFolder::~StateFolder() {
  std::error_code ignored;
  if (is_temporary_) fs::remove_all(path_, ignored);
}

}  // namespace mw::boinc
