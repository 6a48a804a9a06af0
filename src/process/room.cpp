#include "process/room.hpp"

#include <sys/resource.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <limits>

namespace mw::process {

std::uint64_t largest_file() noexcept {
  rlimit limit{};
  const bool is_limited = ::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  return is_limited ? limit.rlim_cur : std::numeric_limits<std::int64_t>::max();
}

bool address_space_is_limited() noexcept {
  rlimit limit{};
  return ::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

bool leaves_descriptors(int fd) noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return true;
  // Sockets and processes to come, files of the program's own, and descriptors on their way here.
  const rlim_t kept = std::min<rlim_t>(std::max<rlim_t>(limit.rlim_cur / 4, 32), 256);
  return static_cast<rlim_t>(fd) + kept < limit.rlim_cur;
}

DiskRoom disk_room(const std::string& folder) noexcept {
  constexpr std::int64_t unknown = std::numeric_limits<std::int64_t>::max();
  struct statvfs facts = {};
  if (::statvfs(folder.c_str(), &facts) != 0) return {unknown, unknown};
  const auto bytes_of = [&](fsblkcnt_t blocks) {
    return blocks > static_cast<fsblkcnt_t>(unknown) / facts.f_frsize ? unknown
                                                                      : static_cast<std::int64_t>(blocks * facts.f_frsize);
  };
  return {bytes_of(facts.f_bavail), bytes_of(facts.f_blocks)};
}

}  // namespace mw::process
