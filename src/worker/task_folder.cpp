#include "worker/task_folder.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <tuple>

#include <fmt/format.h>

#include "parse/number.hpp"
#include "process/place.hpp"
#include "process/unique_fd.hpp"
#include "worker/copy_file.hpp"

namespace mw::worker {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& what) { throw StagingError{fmt::format("{}: {}", what, std::strerror(errno))}; }

/// The folder of all of this user's processes; nobody else may write there.
fs::path common_folder() {
  try {
    return process::make_temporary_folder();
  } catch (const Error& e) {
    throw StagingError{e.what()};
  }
}

/// Folders are named by process; those whose process is gone were left by one that was killed.
void sweep(const fs::path& common) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator{common, error}) {
    const std::string name = entry.path().filename();
    const auto pid = parse::number<pid_t>(name);
    if (!pid || *pid <= 0) continue;
    if (::kill(*pid, 0) != 0 && errno == ESRCH) fs::remove_all(entry.path(), error);
  }
}

/// Copies of files, made once.
class Copies {
 public:
  /// The copy of this file as it is now.
  fs::path of(const std::string& from) {
    std::lock_guard lock{mutex_};
    const process::UniqueFd source{::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (source.get() < 0) fail(fmt::format("the data file {} cannot be read", from));
    struct stat status = {};
    if (::fstat(source.get(), &status) != 0 || !S_ISREG(status.st_mode))
      throw StagingError{fmt::format("the data file {} is not a regular file", from)};
    const Version version{status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
    const auto place = made_.find(from);
    if (place != made_.end() && place->second.first == version) return place->second.second;
    const fs::path copy = folder() / fmt::format("copy-{}", ++last_);
    copy_file(source.get(), status, copy, from);
    std::error_code ignored;
    if (place != made_.end()) fs::remove(place->second.second, ignored);
    made_[from] = {version, copy};
    return copy;
  }

  fs::path new_task_folder() {
    std::lock_guard lock{mutex_};
    const fs::path path = folder() / fmt::format("task-{}", ++last_);
    if (::mkdir(path.c_str(), 0700) != 0) fail(fmt::format("the folder {} cannot be made", path.string()));
    return path;
  }

  std::string own_folder() {
    std::lock_guard lock{mutex_};
    return folder().string();
  }

  void remove() noexcept {
    std::lock_guard lock{mutex_};
    if (folder_.empty() || made_by_ != ::getpid()) return;
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
    folder_.clear();
    made_.clear();
  }

  void remove_if_empty() noexcept {
    std::lock_guard lock{mutex_};
    if (folder_.empty() || made_by_ != ::getpid() || ::rmdir(folder_.c_str()) != 0) return;
    folder_.clear();
  }

 private:
  using Version = std::tuple<dev_t, ino_t, off_t, time_t, long>;

  const fs::path& folder() {
    if (!folder_.empty()) return folder_;
    const fs::path common = common_folder();
    sweep(common);
    const fs::path own = common / fmt::format("{}", ::getpid());
    std::error_code ignored;
    fs::remove_all(own, ignored);  // of an earlier process of this number
    if (::mkdir(own.c_str(), 0700) != 0) fail(fmt::format("the folder {} cannot be made", own.string()));
    made_by_ = ::getpid();
    return folder_ = own;
  }

  static void copy_file(int source, const struct stat& status, const fs::path& copy, const std::string& from) {
    const mode_t mode = status.st_mode & 0111 ? 0555 : 0444;
    const process::UniqueFd target{::open(copy.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)};
    if (target.get() < 0) fail(fmt::format("no copy of the data file {} can be made in {}", from, copy.string()));
    if (!worker::copy_file(source, target.get()))
      fail(fmt::format("no copy of the data file {} can be written to {}", from, copy.string()));
  }

  std::mutex mutex_;
  fs::path folder_;  ///< empty until the first file comes
  pid_t made_by_ = 0;
  std::uint64_t last_ = 0;
  std::map<std::string, std::pair<Version, fs::path>> made_;
};

Copies& copies() {
  static Copies copies;
  return copies;
}

thread_local const std::string* home_of_thread = nullptr;

}  // namespace

std::string path_error(std::string_view path) {
  if (path.empty()) return "is empty";
  if (path.front() == '/') return "is absolute";
  if (path.back() == '/') return "names a folder";
  if (path.find('\0') != std::string_view::npos) return "has a zero byte in it";
  if (path.size() > 4096) return "is longer than 4,096 bytes";
  while (true) {
    const auto slash = path.find('/');
    const auto part = path.substr(0, slash);
    if (part.empty() || part == ".") return "has an empty part";
    if (part == "..") return "has \"..\" in it";
    if (slash == std::string_view::npos) return {};
    path.remove_prefix(slash + 1);
  }
}

Outcome staging_failed(const StagingError& error) {
  Outcome outcome;
  outcome.failure.emplace();
  outcome.failure->cause = Cause::data_file;
  outcome.failure->message = error.what();
  return outcome;
}

TaskFolder::TaskFolder(const std::vector<DataFile>& files) {
  std::error_code error;
  home_ = fs::current_path(error).string();
  const fs::path folder = copies().new_task_folder();
  path_ = folder.string();
  try {
    for (const DataFile& file : files) {
      if (const std::string why = path_error(file.to); !why.empty())
        throw StagingError{fmt::format("the path \"{}\" in a task's folder {}", file.to, why)};
      const fs::path copy = copies().of(file.from);
      const fs::path to = folder / file.to;
      fs::create_directories(to.parent_path(), error);
      if (::link(copy.c_str(), to.c_str()) != 0)
        fail(fmt::format("the data file {} cannot be placed at {}", file.from, to.string()));
    }
    enter_again();
  } catch (...) {
    leave();
    throw;
  }
  home_of_thread = &home_;
}

TaskFolder::~TaskFolder() { leave(); }

void TaskFolder::enter_again() const {
  if (::chdir(path_.c_str()) != 0) fail(fmt::format("the folder {} cannot be entered", path_));
}

void TaskFolder::leave() noexcept {
  home_of_thread = nullptr;
  if (::chdir(home_.c_str()) != 0 && ::chdir("/") != 0) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string program_path(const std::string& path) {
  if (!home_of_thread || path.find('/') == std::string::npos || path.front() == '/') return path;
  return ::access(path.c_str(), F_OK) == 0 ? path : *home_of_thread + "/" + path;
}

bool own_working_directory() noexcept { return ::unshare(CLONE_FS) == 0; }

std::string own_folder() { return copies().own_folder(); }

void remove_own_folder() noexcept { copies().remove(); }

void remove_empty_own_folder() noexcept { copies().remove_if_empty(); }

void remove_folder_of(pid_t pid) noexcept {
  const std::string common = process::temporary_folder_path();
  if (!process::is_for_user_alone(common)) return;
  std::error_code ignored;
  fs::remove_all(fs::path{common} / fmt::format("{}", pid), ignored);
}

}  // namespace mw::worker
