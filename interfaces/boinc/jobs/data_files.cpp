#include "boinc/jobs/data_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <mw/error.hpp>

#include <cerrno>
#include <cstring>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "boinc/protocol/md5.hpp"
#include "process/file.hpp"
#include "process/unique_fd.hpp"
#include "worker/task_folder.hpp"

namespace mw::boinc {
namespace {

[[noreturn]] void fail(const std::string& path) {
  throw worker::StagingError{fmt::format("the data file {} cannot be read: {}", path, std::strerror(errno))};
}

CopiedFile copy_all(const process::UniqueFd& source, const std::string& from, const process::UniqueFd& target,
                    const std::string& to, bool is_executable) {
  Md5 md5;
  CopiedFile copied{{}, 0, is_executable};
  std::vector<std::byte> buffer(256 * 1024);
  while (true) {
    const ssize_t got = ::read(source.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(from);
    if (got == 0) break;
    const std::span part{buffer.data(), static_cast<std::size_t>(got)};
    md5.update(part);
    process::write_all(target.get(), part, to);
    copied.nbytes += got;
  }
  copied.md5 = md5.hex();
  return copied;
}

}  // namespace

CopiedFile copy_file(const std::string& from, const std::string& to) {
  const process::UniqueFd source{::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat status = {};
  if (source.get() < 0 || ::fstat(source.get(), &status) != 0) fail(from);
  if (!S_ISREG(status.st_mode)) throw worker::StagingError{fmt::format("the data file {} is not a regular file", from)};
  const process::UniqueFd target{::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
  if (target.get() < 0) throw worker::StagingError{fmt::format("{} cannot be written: {}", to, std::strerror(errno))};
  try {
    return copy_all(source, from, target, to, (status.st_mode & 0111) != 0);
  } catch (const Error& e) {
    ::unlink(to.c_str());  // on a full disk, its room is needed
    throw worker::StagingError{e.what()};
  }
}

}  // namespace mw::boinc
