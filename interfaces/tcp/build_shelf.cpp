#include "tcp/build_shelf.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mw/error.hpp>

#include "builds/worker_builds.hpp"
#include "log/log.hpp"
#include "process/child.hpp"
#include "process/file.hpp"
#include "scripts/scripts.hpp"

namespace mw::tcp {
namespace {

namespace fs = std::filesystem;

constexpr const char* own_file = "/proc/self/exe";

std::shared_ptr<const Build> open_build(const std::string& path) {
  auto build = std::make_shared<Build>();
  build->path = path;
  build->file = process::UniqueFd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat status = {};
  if (build->file.get() < 0 || ::fstat(build->file.get(), &status) != 0)
    throw InterfaceError{fmt::format("tcp: the worker build {} cannot be opened: {}", path, std::strerror(errno))};
  build->size = static_cast<std::uint64_t>(status.st_size);
  build->sha256 = crypto::sha256_of_file(build->file.get());
  if (path == own_file) build->kind = remote::Builds::own;
  return build;
}

}  // namespace

std::size_t Build::read(std::uint64_t offset, std::span<std::byte> room) const {
  while (true) {
    const ssize_t got = ::pread(file.get(), room.data(), room.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0)
      throw InterfaceError{fmt::format("tcp: the worker build {} cannot be read at byte {}: {}", path, offset,
                                       got == 0 ? "the file has become shorter" : std::strerror(errno))};
    return static_cast<std::size_t>(got);
  }
}

BuildShelf::BuildShelf(std::string folder, std::string worker)
    : folder_{std::move(folder)},
      worker_{std::move(worker)},
      name_{fs::path{worker_.empty() ? process::own_name() : worker_}.filename().string()} {
  std::error_code ignored;
  if (folder_.empty()) folder_ = (fs::read_symlink(own_file, ignored).parent_path() / "workers").string();
}

std::shared_ptr<const Build> BuildShelf::find(const std::string& platform) {
  const auto known = builds_.find(platform);
  if (known != builds_.end()) return known->second;
  return builds_[platform] = look_for(platform);
}

/// Of what it is now: files that are changed later are other programs.
std::shared_ptr<const Build> BuildShelf::worker_for(const std::string& platform) const {
  if (!scripts::is_for_every_platform(worker_) && builds::platform_of_file(worker_) != platform) return nullptr;
  const std::string file = scripts::file_of(worker_);
  auto build = std::make_shared<Build>();
  build->path = worker_;
  build->file = process::UniqueFd{::memfd_create("worker", MFD_CLOEXEC)};
  if (build->file.get() < 0) throw InterfaceError{fmt::format("tcp: no memory for {}: {}", worker_, std::strerror(errno))};
  process::write_all(build->file.get(), std::as_bytes(std::span{file}), worker_);
  build->size = file.size();
  build->sha256 = crypto::sha256_of_file(build->file.get());
  build->kind = remote::Builds::by_name;
  return build;
}

std::shared_ptr<const Build> BuildShelf::look_for(const std::string& platform) const {
  if (!worker_.empty()) return worker_for(platform);
  for (const builds::FoundBuild& found : builds::find_worker_builds(folder_, name_)) {
    if (found.platform != platform) continue;
    if (builds::is_of_these_sources(found.path)) return open_build(found.path);
    log::warn(fmt::format("tcp: {} was made of other sources than this program, and is left out: build it again", found.path));
  }
  return builds::platform_of_file(own_file) == platform ? open_build(own_file) : nullptr;
}

std::string BuildShelf::why_not(const std::string& platform) const {
  if (!worker_.empty())
    return fmt::format("{} is a program for {}, not for {}", worker_, builds::platform_of_file(worker_),
                       platform.empty() ? "its kind of machine" : platform);
  std::vector<std::string> there;
  for (const builds::FoundBuild& found : builds::find_worker_builds(folder_, name_)) there.push_back(found.platform);
  return fmt::format("there is no worker build of {} for {} in {} (there {}): mw_add_app makes one for each platform (CMake)",
                     name_, platform.empty() ? "its kind of machine" : platform, folder_,
                     there.empty() ? "are none" : fmt::format("are {}", fmt::join(there, ", ")));
}

}  // namespace mw::tcp
