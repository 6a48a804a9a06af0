// A file with what an application found.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include <mw/error.hpp>

namespace apps {

/// Before the work begins: throws UsageError if no file can be written at this place.
inline void check_output(const std::string& option, const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) throw mw::UsageError{option + ": " + path + " is a folder"};
  const bool is_there = fs::exists(path, ignored);
  const std::string folder = fs::path{path}.parent_path().string();
  const std::string place = is_there ? path : folder.empty() ? "." : folder;
  if (::access(place.c_str(), W_OK) != 0)
    throw mw::UsageError{option + ": " + path + " cannot be written: " + std::strerror(errno)};
}

namespace detail {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

inline bool write_all(std::FILE* file, std::string_view bytes) {
  return std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size() && std::fflush(file) == 0;
}

/// A new file; null, with errno, if there can be none.
inline File create(const std::string& path, mode_t mode) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  return File{fd < 0 ? nullptr : ::fdopen(fd, "wb")};
}

/// Through a file beside it, which takes its place when it is whole. False, with errno; what was there is there still.
inline bool replace(const std::string& path, std::string_view bytes, const struct stat* before) {
  const std::string temporary = path + "." + std::to_string(::getpid()) + ".new";
  const File file = create(temporary, before ? before->st_mode & 0777 : 0666);
  if (!file) return false;
  const bool is_done =
      write_all(file.get(), bytes) && ::fsync(::fileno(file.get())) == 0 && ::rename(temporary.c_str(), path.c_str()) == 0;
  if (is_done) return true;
  const int error = errno;
  ::unlink(temporary.c_str());
  errno = error;
  return false;
}

}  // namespace detail

/// Whole or not at all: if it cannot be written to its end, the file that was there before stays. Where it is no file,
/// or its folder takes no new one, the bytes are written to what is there. Throws mw::Error.
inline void write_output(const std::string& path, std::string_view bytes) {
  struct stat status = {};
  const bool is_there = ::stat(path.c_str(), &status) == 0;
  std::error_code ignored;
  const std::string place = std::filesystem::weakly_canonical(path, ignored).string();  // what a link leads to
  const std::string folder = std::filesystem::path{place}.parent_path().string();
  const bool is_replaced = !place.empty() && (!is_there || (S_ISREG(status.st_mode) && ::access(folder.c_str(), W_OK) == 0));
  bool is_written = false;
  if (is_replaced) {
    is_written = detail::replace(place, bytes, is_there ? &status : nullptr);
  } else {
    const detail::File file{std::fopen(path.c_str(), "wbe")};
    is_written = file && detail::write_all(file.get(), bytes) && ::close(::dup(::fileno(file.get()))) == 0;
  }
  if (!is_written) throw mw::Error{"the file " + path + " cannot be written: " + std::strerror(errno)};
}

}  // namespace apps
