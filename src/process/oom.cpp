#include "process/oom.hpp"

#include <fstream>

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

}  // namespace mw::process
