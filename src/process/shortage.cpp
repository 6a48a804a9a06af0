#include "process/shortage.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "process/cgroup.hpp"

namespace mw::process {
namespace {

constexpr const char* remedy = "raise the limit, or ask for fewer workers";

/// The soft limit; empty where there is none.
std::optional<std::uint64_t> limit_of(__rlimit_resource resource) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return limit.rlim_cur;
}

/// The least pids.max of this process's control groups; empty where there is none.
std::optional<std::uint64_t> most_in_group() {
  std::optional<std::uint64_t> least;
  for (const std::string& folder : cgroup_folders("", "pids")) {
    std::uint64_t most = 0;
    std::ifstream file{folder + "/pids.max"};
    if (file >> most && (!least || most < *least)) least = most;
  }
  return least;
}

std::string no_process() {
  // The superuser's processes are not counted against his limit.
  const auto of_user = ::getuid() == 0 ? std::nullopt : limit_of(RLIMIT_NPROC);
  const auto of_group = most_in_group();
  if (of_group && (!of_user || *of_group < *of_user))
    return fmt::format("this control group may have no more than {} processes and threads (pids.max): {}", *of_group, remedy);
  if (of_user)
    return fmt::format("this user may have no more than {} processes and threads (ulimit -u), all programs together: {}", *of_user,
                       remedy);
  return "the machine has no more processes to give (kernel.threads-max, kernel.pid_max): ask for fewer workers";
}

}  // namespace

std::string shortage(int error) {
  switch (error) {
    case EAGAIN: return no_process();
    case EMFILE:
      return fmt::format("this process may have no more than {} open files (ulimit -n): {}", descriptors().limit, remedy);
    case ENFILE: return "the machine may have no more open files (fs.file-max)";
    default: return std::strerror(error);
  }
}

bool is_shortage(int error) noexcept { return error == EAGAIN || error == EMFILE || error == ENFILE || error == ENOMEM; }

Descriptors descriptors() {
  Descriptors result;
  result.limit = static_cast<std::size_t>(limit_of(RLIMIT_NOFILE).value_or(std::numeric_limits<std::uint32_t>::max()));
  DIR* const folder = ::opendir("/proc/self/fd");
  if (!folder) return result;
  while (const dirent* entry = ::readdir(folder)) result.open += entry->d_name[0] != '.';
  ::closedir(folder);
  --result.open;  // the folder itself
  return result;
}

std::size_t allow_descriptors(std::size_t wanted) noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (limit.rlim_cur < wanted && limit.rlim_cur < limit.rlim_max) {
    rlimit raised = limit;
    raised.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return limit.rlim_cur;
}

std::thread start_thread(const char* what, std::function<void()> call) {
  try {
    return std::thread{std::move(call)};
  } catch (const std::system_error& e) {
    throw InterfaceError{fmt::format("no thread for {}: {}", what, shortage(e.code().value()))};
  }
}

}  // namespace mw::process
