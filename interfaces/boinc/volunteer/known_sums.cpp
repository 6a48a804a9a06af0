#include "boinc/volunteer/known_sums.hpp"

#include <sys/stat.h>
#include <time.h>
#include <mw/error.hpp>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace mw::boinc {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t tick_ns = second_ns / 100;  // of the kernel's clock for files, or less

std::int64_t ns_of(const timespec& time) { return std::int64_t{time.tv_sec} * second_ns + time.tv_nsec; }

/// Some file systems know whole seconds only, or two.
bool is_settled(std::int64_t changed_ns, std::int64_t now_ns) {
  const std::int64_t step_ns = changed_ns % second_ns == 0 ? 2 * second_ns : tick_ns;
  return now_ns - changed_ns > step_ns;
}

}  // namespace

KnownSums::Version KnownSums::version_of(const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) throw InterfaceError{fmt::format("{} cannot be read: {}", path, std::strerror(errno))};
  return {status.st_dev, status.st_ino, status.st_size, ns_of(status.st_mtim), ns_of(status.st_ctim)};
}

std::string KnownSums::of(const std::string& path) {
  timespec now = {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const Version version = version_of(path);
  if (const auto known = known_.find(path); known != known_.end() && known->second.version == version) return known->second.sum;
  known_.erase(path);
  std::string sum = sum_(path);
  if (is_settled(version.changed_ns, ns_of(now))) known_[path] = {version, sum};
  return sum;
}

}  // namespace mw::boinc
