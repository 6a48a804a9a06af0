#include "process/oom.hpp"

#include <chrono>
#include <fstream>
#include <mutex>
#include <optional>

#include "process/cgroup.hpp"

namespace mw::process {
namespace {

/// The number behind `key` in a file of "key number" lines; 0 where there is none.
std::uint64_t number_in(const std::string& path, const std::string& key) {
  std::ifstream file{path};
  std::string name;
  std::uint64_t number = 0;
  while (file >> name >> number)
    if (name == key) return number;
  return 0;
}

}  // namespace

std::uint64_t oom_kill_count(const std::string& root) {
  std::uint64_t count = number_in(root + "/proc/vmstat", "oom_kill");
  for (const auto& folder : cgroup_folders(root, "memory"))
    count += number_in(folder + "/memory.events", "oom_kill") + number_in(folder + "/memory.oom_control", "oom_kill");
  return count;
}

std::uint64_t recent_oom_kill_count() {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds good_for{100};
  static std::mutex mutex;
  static std::uint64_t count = 0;
  static std::optional<Clock::time_point> read_at;
  std::lock_guard lock{mutex};
  const auto now = Clock::now();
  if (!read_at || now - *read_at > good_for) {
    count = oom_kill_count();
    read_at = now;
  }
  return count;
}

}  // namespace mw::process
