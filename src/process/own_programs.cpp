#include "process/own_programs.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "process/launch.hpp"

extern "C" {
/// The prefix of the installed CppMW that a program was linked with: find_package(CppMW) puts it in.
[[gnu::weak]] extern const char mw_installed_at[];
}

namespace mw::process {
namespace {

namespace fs = std::filesystem;

bool can_start(const std::string& path) noexcept {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

std::vector<std::string> places_in(const std::vector<std::string>& folders, const std::string& name, const std::string& built) {
  std::error_code ignored;
  std::vector<std::string> places{(fs::read_symlink("/proc/self/exe", ignored).parent_path() / name).string()};
  if (!built.empty()) places.push_back(built);
  const auto add = [&](const fs::path& prefix) {
    for (const std::string& folder : folders) places.push_back((prefix / folder / name).string());
  };
  if (mw_installed_at) add(mw_installed_at);
  add(MW_INSTALL_PREFIX);
  const fs::path command = find_program("mw");
  if (command.is_absolute()) add(command.parent_path().parent_path());
  return places;
}

}  // namespace

std::vector<std::string> places_of_own_program(const std::string& name, const std::string& built) {
  return places_in({"bin", "libexec/cppmw"}, name, built);
}

std::vector<std::string> places_of_own_data(const std::string& name, const std::string& built) {
  return places_in({"share/cppmw"}, name, built);
}

std::string find_own_program(const std::string& name, const std::string& built) {
  for (const std::string& place : places_of_own_program(name, built))
    if (can_start(place)) return place;
  return {};
}

}  // namespace mw::process
