#include "journal/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include <mw/error.hpp>

namespace mw::journal {

std::string real_path(const std::string& path) {
  std::error_code error;
  const auto real = std::filesystem::weakly_canonical(path, error);
  return error ? path : real.string();
}

namespace {

std::string holder_of(int file) {
  std::array<char, 200> text{};
  const auto size = ::pread(file, text.data(), text.size(), 0);
  return size > 0 ? std::string{text.data(), static_cast<std::size_t>(size)} : "another process";
}

bool is_still_there(int file, const std::string& path) {
  struct stat ours = {}, theirs = {};
  return ::fstat(file, &ours) == 0 && ::stat(path.c_str(), &theirs) == 0 && ours.st_ino == theirs.st_ino &&
         ours.st_dev == theirs.st_dev;
}

}  // namespace

FileLock::FileLock(const std::string& journal) : path_{real_path(journal) + "-lock"} {
  // Whoever had it may take the file away between the two calls.
  do {
    file_ = process::UniqueFd{::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600)};
    if (file_.get() < 0)
      throw JournalError{
          fmt::format("the journal {} cannot be used: its lock {}: {}", journal, path_, std::generic_category().message(errno))};
    if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK)
        throw JournalError{
            fmt::format("the journal {} is in use by {}: a journal is one master's at a time", journal, holder_of(file_.get()))};
      throw JournalError{fmt::format("the journal {} cannot be used: its file system has no locks ({}). Put it on a local disk",
                                     journal, std::generic_category().message(errno))};
    }
  } while (!is_still_there(file_.get(), path_));
  std::array<char, 100> host{};
  static_cast<void>(::gethostname(host.data(), host.size() - 1));
  const std::string text = fmt::format("process {} on {}", ::getpid(), host.data());
  static_cast<void>(::ftruncate(file_.get(), 0));
  static_cast<void>(::pwrite(file_.get(), text.data(), text.size(), 0));
}

FileLock::~FileLock() {
  if (is_still_there(file_.get(), path_)) static_cast<void>(::unlink(path_.c_str()));
}

}  // namespace mw::journal
