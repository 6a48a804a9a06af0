#include "boinc/volunteer/slot_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <mw/error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "process/file.hpp"

namespace mw::boinc {

void write_anew(const std::filesystem::path& path, const std::string& text) {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
  process::write_new_file(path.string(), text);
}

process::UniqueFd open_plain(const std::filesystem::path& path, int flags) {
  process::UniqueFd file{::open(path.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600)};
  if (file.get() < 0) throw InterfaceError{fmt::format("{} cannot be opened: {}", path.string(), std::strerror(errno))};
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
    throw InterfaceError{fmt::format("{} is not a regular file", path.string())};
  return file;
}

std::int64_t size_of(const process::UniqueFd& file) {
  struct stat status = {};
  return ::fstat(file.get(), &status) == 0 ? status.st_size : 0;
}

std::string end_of(const process::UniqueFd& file, std::size_t most) {
  const auto size = static_cast<std::size_t>(size_of(file));
  std::string text(std::min(size, most), '\0');
  const ssize_t got = ::pread(file.get(), text.data(), text.size(), static_cast<off_t>(size - text.size()));
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return text;
}

}  // namespace mw::boinc
