#include "process/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "process/no_write_signals.hpp"
#include "process/unique_fd.hpp"

namespace mw::process {
namespace {

[[noreturn]] void fail(const std::string& path, std::string_view what) {
  throw InterfaceError{fmt::format("{} cannot be {}: {}", path, what, std::strerror(errno))};
}

UniqueFd open_to_read(const std::string& path, int more_flags = 0) {
  UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | more_flags)};
  if (file.get() < 0) fail(path, "read");
  return file;
}

/// False at the end of the file.
bool read_some(const UniqueFd& file, const std::string& path, std::byte*& to, std::size_t& room) {
  const ssize_t got = ::read(file.get(), to, room);
  if (got < 0 && errno == EINTR) return true;
  if (got < 0) fail(path, "read to its end");
  to += got;
  room -= static_cast<std::size_t>(got);
  return got > 0;
}

UniqueFd write_to_new(const std::string& path, std::string_view bytes, mode_t mode) {
  UniqueFd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)};
  if (file.get() < 0) fail(path, "written");
  try {
    write_all(file.get(), std::as_bytes(std::span{bytes}), path);
  } catch (...) {
    ::unlink(path.c_str());  // on a full disk, its room is needed
    throw;
  }
  return file;
}

}  // namespace

void write_all(int file, std::span<const std::byte> bytes, const std::string& path) {
  const NoWriteSignals no_signals;
  while (!bytes.empty()) {
    const ssize_t put = ::write(file, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) fail(path, "written");
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
}

Bytes read_file(const std::string& path) {
  const UniqueFd file = open_to_read(path, O_NONBLOCK);  // a pipe in its place, which has no size, is not waited for
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) fail(path, "read");
  if (!S_ISREG(status.st_mode)) throw InterfaceError{fmt::format("{} cannot be read: it is no file", path)};
  Bytes bytes;
  auto room = static_cast<std::size_t>(status.st_size);
  std::byte* to = bytes.extend(room);
  while (room > 0 && read_some(file, path, to, room)) {
  }
  if (room > 0) throw InterfaceError{fmt::format("{} cannot be read to its end: it became shorter meanwhile", path)};
  return bytes;
}

namespace {

std::string read_text(const std::string& path, std::size_t largest) {
  const UniqueFd file = open_to_read(path);
  std::string text;
  char buffer[16 * 1024];
  while (true) {
    auto* to = reinterpret_cast<std::byte*>(buffer);
    std::size_t room = sizeof buffer;
    const bool is_more = read_some(file, path, to, room);
    text.append(buffer, sizeof buffer - room);
    if (!is_more) return text;
    if (text.size() > largest)
      throw InterfaceError{fmt::format("{} cannot be what it should: it is longer than {} bytes", path, largest)};
  }
}

}  // namespace

std::string read_text_file(const std::string& path) { return read_text(path, SIZE_MAX); }

std::string read_secret_file(const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) fail(path, "read");
  if ((status.st_mode & 0077) != 0)
    throw InterfaceError{
        fmt::format("the key file {} can be read by others: chmod 600 {}, and make a new key if anyone may have "
                    "read it",
                    path, path)};
  constexpr std::size_t longest_key = 64 * 1024;
  return read_text(path, longest_key);
}

void write_file(const std::string& path, std::string_view bytes, mode_t mode) {
  const std::string temporary = path + ".new";
  ::unlink(temporary.c_str());
  const UniqueFd file = write_to_new(temporary, bytes, mode);
  if (::fsync(file.get()) != 0 || ::rename(temporary.c_str(), path.c_str()) != 0) fail(path, "written");
}

void write_new_file(const std::string& path, std::string_view bytes) { write_to_new(path, bytes, 0644); }

}  // namespace mw::process
