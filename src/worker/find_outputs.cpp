#include "worker/find_outputs.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "worker/output_pattern.hpp"

namespace mw::worker {
namespace {

constexpr int folder_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
/// Folders that are open at a time while one is looked through.
constexpr std::size_t deepest = 100;

[[noreturn]] void fail(std::string_view path, std::string_view why) {
  throw OutputError{fmt::format("the output \"{}\" {}", path, why)};
}

[[noreturn]] void fail_with_errno(std::string_view path, std::string_view what) {
  fail(path, fmt::format("{}: {}", what, std::strerror(errno)));
}

std::string_view kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISLNK(mode)) return "a symbolic link";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

struct Entry {
  std::string name;
  bool is_folder = false;
};

std::vector<Entry> entries_of(int folder, std::string_view path) {
  const int copy = ::openat(folder, ".", folder_flags);
  DIR* const stream = copy < 0 ? nullptr : ::fdopendir(copy);
  if (!stream) {
    if (copy >= 0) ::close(copy);
    fail_with_errno(path.empty() ? "." : path, "cannot be looked through");
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> owner{stream, ::closedir};
  std::vector<Entry> entries;
  while (const dirent* entry = ::readdir(stream)) {
    const std::string_view name{entry->d_name};
    if (name == "." || name == "..") continue;
    bool is_folder = entry->d_type == DT_DIR;
    struct stat status = {};
    if (entry->d_type == DT_UNKNOWN && ::fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0)
      is_folder = S_ISDIR(status.st_mode);
    entries.push_back({std::string{name}, is_folder});
  }
  return entries;
}

class Search {
 public:
  Search(const wire::Terms& terms, std::size_t most) : terms_{terms}, most_{most} {
    for (const DataFile& file : terms.files) data_files_.insert(file.to);
  }

  std::vector<FoundOutput> run() {
    const process::UniqueFd here{::open(".", folder_flags)};
    if (here.get() < 0) fail_with_errno(".", "cannot be opened");
    for (const std::string& pattern : terms_.outputs) {
      if (const std::string why = pattern_error(pattern); !why.empty()) fail(pattern, why);
      if (!is_pattern(pattern)) {
        const OutputPlace place = place_of(pattern);
        add(place.folder.get(), place.name, pattern, true);
        continue;
      }
      has_match_ = false;
      look(here.get(), {}, pattern, 0);
      if (!has_match_) fail(pattern, "is not there: no file in the task's folder has such a path");
    }
    std::vector<FoundOutput> list;
    for (auto& [path, file] : found_) list.push_back(std::move(file));
    return list;
  }

 private:
  /// `path` is the folder's, with a '/' behind it; `rest` is what is left of the pattern.
  void look(int folder, const std::string& path, std::string_view rest, std::size_t depth) {
    if (depth > deepest) fail(path, fmt::format("lies deeper than {} folders", deepest));
    const auto slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    const bool is_last = slash == std::string_view::npos;
    const std::string_view behind = is_last ? std::string_view{} : rest.substr(slash + 1);
    if (part == any_folders) look(folder, path, behind, depth);
    for (const Entry& entry : entries_of(folder, path)) {
      const std::string inside = path + entry.name;
      if (part == any_folders) {
        if (entry.is_folder && !entry.name.starts_with('.')) enter(folder, entry.name, inside, rest, depth);
      } else if (matches_name(part, entry.name)) {
        if (!is_last && entry.is_folder) enter(folder, entry.name, inside, behind, depth);
        if (is_last && !entry.is_folder && !data_files_.contains(inside)) {
          add(folder, entry.name, inside, false);
          has_match_ = true;
        }
      }
    }
  }

  void enter(int folder, const std::string& name, const std::string& path, std::string_view rest, std::size_t depth) {
    const process::UniqueFd inner{::openat(folder, name.c_str(), folder_flags)};
    if (inner.get() < 0) fail_with_errno(path, "is a folder that cannot be opened");
    look(inner.get(), path + "/", rest, depth + 1);
  }

  void add(int folder, const std::string& name, const std::string& path, bool is_named) {
    struct stat status = {};
    if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (is_named && errno == ENOENT) fail(path, "is not there: the task has left no such file in its folder");
      fail_with_errno(path, "cannot be looked at");
    }
    if (!S_ISREG(status.st_mode)) fail(path, fmt::format("is {}, and no regular file", kind_of(status.st_mode)));
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (!found_.try_emplace(path, FoundOutput{path, size, (status.st_mode & S_IXUSR) != 0}).second) return;
    if (found_.size() > most_) fail(path, fmt::format("is one too many: a task may bring back {} files", most_));
    total_ += size;
    if (total_ > terms_.outputs_limit)
      fail(path, fmt::format("has {} bytes; with the files before it these are {}, and the limit (outputs_limit) is {}", size,
                             total_, terms_.outputs_limit));
  }

  const wire::Terms& terms_;
  const std::size_t most_;
  std::set<std::string> data_files_;
  std::map<std::string, FoundOutput> found_;
  std::uint64_t total_ = 0;
  bool has_match_ = false;
};

}  // namespace

std::vector<FoundOutput> find_outputs(const wire::Terms& terms, std::size_t most) { return Search{terms, most}.run(); }

OutputPlace place_of(const std::string& path) {
  process::UniqueFd folder{::open(".", folder_flags)};
  if (folder.get() < 0) fail_with_errno(path, "cannot be reached");
  std::string_view rest = path;
  while (true) {
    const auto slash = rest.find('/');
    if (slash == std::string_view::npos) return {std::move(folder), std::string{rest}};
    const std::string name{rest.substr(0, slash)};
    process::UniqueFd inner{::openat(folder.get(), name.c_str(), folder_flags)};
    if (inner.get() < 0) {
      if (errno == ENOENT) fail(path, "is not there: the task has left no such file in its folder");
      if (errno == ENOTDIR || errno == ELOOP) fail(path, fmt::format("is not there: \"{}\" is no folder", name));
      fail_with_errno(path, "cannot be reached");
    }
    folder = std::move(inner);
    rest.remove_prefix(slash + 1);
  }
}

process::UniqueFd open_output(const OutputPlace& place, const std::string& path) {
  process::UniqueFd file{::openat(place.folder.get(), place.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  struct stat status = {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) fail_with_errno(path, "cannot be read");
  if (!S_ISREG(status.st_mode)) fail(path, fmt::format("is {}, and no regular file", kind_of(status.st_mode)));
  return file;
}

}  // namespace mw::worker
