#include "boinc/server/app_versions.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "boinc/protocol/md5.hpp"
#include "builds/worker_builds.hpp"
#include "log/log.hpp"
#include "process/file.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;

/// By the key here, or by the file that whoever has the key has put beside it.
std::string signature_of(const fs::path& path, const std::string& md5, const Keys& keys) {
  if (keys.code_signing) return keys.code_signing->sign(md5);
  const fs::path beside = path.string() + ".signature";
  const std::string signature = fs::exists(beside) ? process::read_text_file(beside) : std::string{};
  if (!VerifyingKey{keys.code_sign_public}.verify(md5, signature))
    throw InterfaceError{
        fmt::format("the worker build {} is not signed: the project's code_sign_private is not here, and {} holds no signature of "
                    "this file by it; make "
                    "one where the key is, with BOINC's crypt_prog -sign",
                    path.string(), beside.string())};
  return signature;
}

/// Looks the build up by its name, which holds its MD5, or enters it: its row's number is its version.
std::int64_t version_number(sqlite::Database& database, const WorkerBuild& build) {
  sqlite::Statement find = database.prepare("SELECT id FROM app_version WHERE file_name = ?");
  if (find.bind(build.file_name).step()) return 100 + find.integer(0);
  database.prepare("INSERT INTO app_version(platform, file_name, md5, nbytes, signature) VALUES (?, ?, ?, ?, ?)")
      .run(build.platform, build.file_name, build.md5, build.nbytes, build.signature);
  return 100 + database.last_id();
}

}  // namespace

AppVersions AppVersions::find(sqlite::Database& database, const Keys& keys, const Settings& settings, const std::string& folder) {
  AppVersions versions;
  for (const builds::FoundBuild& found : builds::find_worker_builds(folder, settings.title)) {
    WorkerBuild build;
    build.file = std::make_shared<process::UniqueFd>(::open(found.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (build.file->get() < 0)
      throw InterfaceError{fmt::format("the worker build {} cannot be opened: {}", found.path, std::strerror(errno))};
    if (!builds::is_of_these_sources(build.path())) {
      log::warn(fmt::format("boinc: {} was made of other sources than this program, and is left out: build it again", found.path));
      continue;
    }
    build.platform = found.platform;
    build.md5 = md5_of_file(build.path());
    build.nbytes = static_cast<std::int64_t>(fs::file_size(build.path()));
    build.file_name = fmt::format("{}_{}_{}", settings.app, build.md5.substr(0, 12), build.platform);
    build.signature = signature_of(found.path, build.md5, keys);
    build.version_num = version_number(database, build);
    versions.builds_.push_back(std::move(build));
  }
  if (versions.builds_.empty())
    throw InterfaceError{
        fmt::format("there is no worker build of {} in {} that is made of the same sources: mw_add_app makes one for each platform "
                    "(CMake); name another folder with workers=",
                    settings.title, folder)};
  return versions;
}

const WorkerBuild* AppVersions::for_platforms(const std::vector<std::string>& platforms) const noexcept {
  for (const std::string& platform : platforms)
    for (const WorkerBuild& build : builds_)
      if (build.platform == platform) return &build;
  return nullptr;
}

const WorkerBuild* AppVersions::by_file_name(std::string_view file_name) const noexcept {
  for (const WorkerBuild& build : builds_)
    if (build.file_name == file_name) return &build;
  return nullptr;
}

}  // namespace mw::boinc
