#include "worker/printed_output.hpp"

#include <fcntl.h>
#include <stdio_ext.h>
#include <sys/mman.h>
#include <unistd.h>
#include <mw/error.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <typeinfo>

#ifdef __GLIBCXX__
#include <ext/stdio_sync_filebuf.h>
#endif

#include <fmt/format.h>

#include "process/shortage.hpp"

namespace mw::worker {
namespace {

/// How much was written: all writers share one file offset, so it says so with one system call.
off_t written(int fd) noexcept {
  const off_t offset = ::lseek(fd, 0, SEEK_CUR);
  return offset < 0 ? 0 : offset;  // a pipe or a terminal: nothing is kept
}

std::string read_from_start(int fd, off_t size) {
  std::string text(static_cast<std::size_t>(size), '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t got = ::pread(fd, text.data() + have, text.size() - have, static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  text.resize(have);
  return text;
}

bool is_memory_file(int fd) noexcept { return ::fcntl(fd, F_GET_SEALS) >= 0; }

/// A write beyond the end fails whole, so a file that is nearly full has lost something.
std::string take(int fd, bool stream_failed) {
  const off_t size = written(fd);
  if (size == 0 && !stream_failed) return {};
  if (!is_memory_file(fd)) return {};
  std::string text = read_from_start(fd, size);
  ::lseek(fd, 0, SEEK_SET);
  if (size > 65'536) ::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(printed_limit));
  if (stream_failed) text += fmt::format("\n[the rest was dropped: a task may print {} MiB]\n", printed_limit >> 20);
  return text;
}

}  // namespace

int make_memory_file(const char* name) {
  const int fd = ::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) throw InterfaceError{fmt::format("no memory file for a worker's {}: {}", name, process::shortage(errno))};
  if (::ftruncate(fd, static_cast<off_t>(printed_limit)) != 0 || ::fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) != 0) {
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

PrintedOutput take_printed_output() {
  flush_all();
  const bool out_failed = ::ferror_unlocked(stdout) || !std::cout;
  const bool err_failed = ::ferror_unlocked(stderr) || !std::cerr;
  PrintedOutput printed{take(STDOUT_FILENO, out_failed), take(STDERR_FILENO, err_failed)};
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
