#include "boinc/volunteer/home.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <mw/error.hpp>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "parse/number.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;

constexpr const char* lock_name = "lock";
constexpr const char* contents[] = {"programs", "inputs",     "outputs",        "slots",  "trial",
                                    "files",    "state.json", "state.json.new", lock_name};

[[noreturn]] void fail(const fs::path& path, const std::string& why) {
  throw InterfaceError{fmt::format("{} cannot be a volunteer's folder: {}", path.string(), why)};
}

/// Its files are secrets, and programs that are run: whoever may write there could put his own.
void check(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  struct stat status = {};
  if (error || ::stat(path.c_str(), &status) != 0) fail(path, error ? error.message() : std::strerror(errno));
  if (!S_ISDIR(status.st_mode)) fail(path, "it is a file");
  if (status.st_uid != ::geteuid()) fail(path, "it is another user's");
  const bool is_empty = fs::is_empty(path, error);
  if (error) fail(path, error.message());
  if (!is_empty && !fs::exists(path / lock_name)) fail(path, "there is something else in it; give a new or an empty one");
  if ((status.st_mode & 07777) != 0700 && ::chmod(path.c_str(), 0700) != 0) fail(path, std::strerror(errno));
}

}  // namespace

Home::Home(const std::string& folder) : path_{fs::absolute(folder)} {
  check(path_);
  lock_ = process::UniqueFd{::open((path_ / lock_name).c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (lock_.get() < 0) fail(path_, std::strerror(errno));
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    char text[16] = {};
    const bool is_known = ::pread(lock_.get(), text, sizeof text - 1, 0) > 0;
    throw InterfaceError{fmt::format("the folder {} is in use by another volunteer{}", path_.string(),
                                     is_known ? fmt::format(" (process {})", parse::leading_number<int>(text).value_or(0)) : "")};
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(lock_.get(), 0) != 0 || ::pwrite(lock_.get(), pid.data(), pid.size(), 0) < 0) fail(path_, std::strerror(errno));
  ::fchmod(lock_.get(), 0600);
  ::chmod(state_path().c_str(), 0600);
}

void Home::remove() {
  std::error_code ignored;
  for (const char* name : contents) fs::remove_all(path_ / name, ignored);
  fs::remove(path_, ignored);
}

}  // namespace mw::boinc
