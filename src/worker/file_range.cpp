#include <mw/file_range.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "process/unique_fd.hpp"

namespace mw {
namespace {

/// What is in the file from `offset` on, up to `size` bytes.
std::string read_at(int fd, const std::string& path, std::uint64_t offset, std::uint64_t size) {
  std::string text(static_cast<std::size_t>(size), '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t got = ::pread(fd, text.data() + have, text.size() - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Error{fmt::format("{} cannot be read: {}", path, std::strerror(errno))};
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  text.resize(have);
  return text;
}

}  // namespace

std::vector<FileRange> file_ranges(const std::vector<std::string>& paths, std::uint64_t size) {
  if (size == 0) throw UsageError{"file_ranges: a range of 0 bytes"};
  std::vector<FileRange> ranges;
  for (const std::string& path : paths) {
    struct stat status = {};
    if (::stat(path.c_str(), &status) != 0) throw UsageError{fmt::format("file_ranges: {}: {}", path, std::strerror(errno))};
    if (!S_ISREG(status.st_mode)) throw UsageError{fmt::format("file_ranges: {} is not a regular file", path)};
    if (::access(path.c_str(), R_OK) != 0) throw UsageError{fmt::format("file_ranges: {} cannot be read", path)};
    const std::string absolute = std::filesystem::absolute(path).string();
    const auto end = static_cast<std::uint64_t>(status.st_size);
    for (std::uint64_t begin = 0; begin < end; begin += std::min(size, end - begin))
      ranges.push_back({absolute, begin, begin + std::min(size, end - begin)});
  }
  return ranges;
}

std::string read_lines(const FileRange& range) {
  if (range.begin >= range.end) return {};
  const process::UniqueFd fd{::open(range.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (fd.get() < 0) throw Error{fmt::format("{} cannot be opened: {}", range.path, std::strerror(errno))};
  // The byte before the range says whether a line begins with it.
  const std::uint64_t from = range.begin == 0 ? 0 : range.begin - 1;
  std::string text = read_at(fd.get(), range.path, from, range.end - from);
  if (range.begin != 0) {
    const auto first_end = text.find('\n');
    if (first_end == std::string::npos) return {};  // no line begins here
    text.erase(0, first_end + 1);
    if (text.empty()) return {};
  }
  constexpr std::uint64_t step = 64 * 1024;
  for (std::uint64_t at = range.end; !text.empty() && text.back() != '\n'; at += step) {
    const std::string more = read_at(fd.get(), range.path, at, step);
    const auto line_end = more.find('\n');
    text.append(more, 0, line_end == std::string::npos ? more.size() : line_end + 1);
    if (more.size() < step) break;
  }
  return text;
}

}  // namespace mw
