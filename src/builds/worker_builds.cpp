#include "builds/worker_builds.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "process/file.hpp"
#include "registry/registry.hpp"

namespace mw::builds {

namespace fs = std::filesystem;

std::string platform_of_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::array<char, 20> head{};
  file.read(head.data(), head.size());
  if (!file || std::string_view{head.data(), 4} !=
                   "\x7f"
                   "ELF")
    return {};
  constexpr std::size_t class_at = 4, machine_at = 18;
  constexpr char class_64 = 2;
  const int machine = static_cast<unsigned char>(head[machine_at]) + 256 * static_cast<unsigned char>(head[machine_at + 1]);
  constexpr int x86_64 = 62, aarch64 = 183, arm = 40, i386 = 3;
  if (machine == x86_64 && head[class_at] == class_64) return "x86_64-pc-linux-gnu";
  if (machine == aarch64) return "aarch64-unknown-linux-gnu";
  if (machine == arm) return "arm-unknown-linux-gnueabihf";
  if (machine == i386) return "i686-pc-linux-gnu";
  return {};
}

std::vector<FoundBuild> find_worker_builds(const std::string& folder, const std::string& name) {
  std::vector<FoundBuild> builds;
  std::error_code error;
  for (const auto& platform : fs::directory_iterator{folder, error}) {
    const fs::path path = platform.path() / name;
    if (!fs::is_regular_file(path, error)) continue;
    FoundBuild build{platform_of_file(path.string()), path.string()};
    if (!build.platform.empty()) builds.push_back(std::move(build));
  }
  std::sort(builds.begin(), builds.end(), [](const FoundBuild& a, const FoundBuild& b) { return a.path < b.path; });
  return builds;
}

bool is_of_these_sources(const std::string& path) {
  const std::string_view stamp = registry::build_stamp();
  return stamp.empty() || process::read_text_file(path).find(stamp) != std::string::npos;
}

}  // namespace mw::builds
