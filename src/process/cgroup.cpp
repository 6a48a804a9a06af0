#include "process/cgroup.hpp"

#include <fstream>
#include <string_view>

namespace mw::process {
namespace {

bool lists(std::string_view names, std::string_view wanted) {
  while (!names.empty()) {
    const auto comma = names.find(',');
    if (names.substr(0, comma) == wanted) return true;
    if (comma == std::string_view::npos) break;
    names.remove_prefix(comma + 1);
  }
  return false;
}

/// "/a/b" under "/sys/fs/cgroup": that folder and each one above it.
void add_upwards(std::vector<std::string>& folders, const std::string& base, std::string path) {
  while (path.size() > 1) {
    folders.push_back(base + path);
    path.erase(path.rfind('/'));
  }
  folders.push_back(base);
}

}  // namespace

std::vector<std::string> cgroup_folders(const std::string& root, const std::string& controller) {
  std::vector<std::string> folders;
  std::ifstream file{root + "/proc/self/cgroup"};
  std::string line;  // "0::/user.slice" (v2) or "4:cpu,cpuacct:/group" (v1)
  while (std::getline(file, line)) {
    const auto first = line.find(':');
    const auto second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string names = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (path.empty() || path.front() != '/') continue;
    if (names.empty()) {
      add_upwards(folders, root + "/sys/fs/cgroup", path);
      add_upwards(folders, root + "/sys/fs/cgroup/unified", path);
    } else if (lists(names, controller)) {
      add_upwards(folders, root + "/sys/fs/cgroup/" + names, path);
      add_upwards(folders, root + "/sys/fs/cgroup/" + controller, path);
    }
  }
  return folders;
}

}  // namespace mw::process
