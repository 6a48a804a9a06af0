#include "worker/printed_output.hpp"

#include <fcntl.h>
#include <stdio_ext.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <mw/error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <string_view>
#include <typeinfo>

#ifdef __GLIBCXX__
#include <ext/stdio_sync_filebuf.h>
#endif

#include <fmt/format.h>

#include "process/room.hpp"
#include "process/shortage.hpp"
#include "process/unique_fd.hpp"

namespace mw::worker {
namespace {

/// Where the text begins in such a file. All writers share one file offset, which tells with one system call whether anything was
/// written; and a descriptor that a task has led elsewhere, the other one of the two included, is hardly ever at this very place.
constexpr off_t first_of_out = 4099;
constexpr off_t first_of_err = 4111;
constexpr off_t page = 4096;  // a file ends as many bytes behind whole pages as its text begins

off_t size_of(int file) noexcept {
  struct stat status = {};
  return ::fstat(file, &status) == 0 ? status.st_size : 0;
}

off_t first_byte(int file) noexcept { return page + size_of(file) % page; }

/// How much was written. Nothing, where there is no such file.
off_t written(int file) noexcept { return std::max(::lseek(file, 0, SEEK_CUR) - first_byte(file), off_t{0}); }

std::string read_from_start(int fd, off_t size) {
  const off_t first = first_byte(fd);
  std::string text(static_cast<std::size_t>(size), '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t got = ::pread(fd, text.data() + have, text.size() - have, first + static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  text.resize(have);
  return text;
}

bool is_memory_file(int fd) noexcept { return ::fcntl(fd, F_GET_SEALS) >= 0; }

bool is_same_file(int a, int b) noexcept {
  struct stat of_a = {};
  struct stat of_b = {};
  return ::fstat(a, &of_a) == 0 && ::fstat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

/// The files behind stdout and stderr, under descriptors of our own.
struct Kept {
  process::UniqueFd out;
  process::UniqueFd err;
};
Kept& kept() {
  static Kept kept;
  return kept;
}

/// Whether a task has closed a C stream. That closes its descriptor, too, which is not where it was then.
bool is_lost = false;

/// A write beyond the end fails whole, so a file that is nearly full has lost something.
std::string take(int fd, int file, off_t first, bool stream_failed) {
  if (::lseek(fd, 0, SEEK_CUR) == first && !stream_failed) return {};
  if (file < 0) return {};
  if (::fileno_unlocked(stdout) != STDOUT_FILENO || ::fileno_unlocked(stderr) != STDERR_FILENO) is_lost = true;
  if (!is_same_file(fd, file)) ::dup2(file, fd);
  const off_t size = written(file);
  std::string text = read_from_start(file, size);
  ::lseek(file, first, SEEK_SET);
  if (size > 65'536) ::fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, size_of(file));
  if (stream_failed) text += fmt::format("\n[the rest was dropped: a task may print {} KiB]\n", (size_of(file) - first) >> 10);
  return text;
}

}  // namespace

int make_memory_file(const char* name) {
  // A file that ends before the limit on file sizes (ulimit -f) is full before a write meets that, which would be the writer's death.
  const auto largest = static_cast<off_t>(process::largest_file());
  const off_t room = std::min(static_cast<off_t>(printed_limit), largest / page * page - 3 * page);
  if (room <= 0)
    throw InterfaceError{
        fmt::format("no memory file for a worker's {}: the limit on file sizes (ulimit -f) is {} bytes", name, largest)};
  const off_t first = std::string_view{name} == "stderr" ? first_of_err : first_of_out;
  const int fd = ::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) throw InterfaceError{fmt::format("no memory file for a worker's {}: {}", name, process::shortage(errno))};
  if (::ftruncate(fd, first + room) != 0 || ::lseek(fd, first, SEEK_SET) < 0 ||
      ::fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) != 0) {
    const int error = errno;
    ::close(fd);
    throw InterfaceError{fmt::format("a memory file for a worker's {} can not be limited: {}", name, std::strerror(error))};
  }
  return fd;
}

std::string read_memory_file(int fd) { return is_memory_file(fd) ? read_from_start(fd, written(fd)) : std::string{}; }

namespace {

/// A C++ stream passes everything on to its C stream at once, unless somebody has called sync_with_stdio(false) or given it another
/// buffer.
bool has_own_buffer(const std::ostream& stream) {
#ifdef __GLIBCXX__
  const std::streambuf* const buffer = stream.rdbuf();
  return !buffer || typeid(*buffer) != typeid(__gnu_cxx::stdio_sync_filebuf<char>);
#else
  return true;
#endif
}

/// Called after every task, so it does nothing that need not be done.
void flush_all() {
  for (std::ostream* stream : {&std::cout, &std::cerr, &std::clog})
    if (has_own_buffer(*stream)) stream->flush();
  if (::__fpending(stdout) != 0) std::fflush(stdout);
  if (::__fpending(stderr) != 0) std::fflush(stderr);
}

}  // namespace

void keep_output() {
  if (is_memory_file(STDOUT_FILENO)) kept().out = process::UniqueFd{::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)};
  if (is_memory_file(STDERR_FILENO)) kept().err = process::UniqueFd{::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)};
}

std::optional<std::string> lost_output() {
  if (!is_lost) return std::nullopt;
  return "a task has closed stdout or stderr";
}

PrintedOutput take_printed_output() {
  flush_all();
  const bool out_failed = ::ferror_unlocked(stdout) || !std::cout;
  const bool err_failed = ::ferror_unlocked(stderr) || !std::cerr;
  PrintedOutput printed{take(STDOUT_FILENO, kept().out.get(), first_of_out, out_failed),
                        take(STDERR_FILENO, kept().err.get(), first_of_err, err_failed)};
  if (out_failed) {
    std::clearerr(stdout);
    std::cout.clear();
  }
  if (err_failed) {
    std::clearerr(stderr);
    std::cerr.clear();
  }
  return printed;
}

}  // namespace mw::worker
