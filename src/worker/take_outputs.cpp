#include "worker/take_outputs.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "process/no_write_signals.hpp"
#include "wire/output_list.hpp"
#include "worker/copy_file.hpp"
#include "worker/find_outputs.hpp"

namespace mw::worker {
namespace {

/// The content of a file that had this size when it was found.
void append_content(Bytes& out, const FoundOutput& file) {
  const OutputPlace place = place_of(file.path);
  const process::UniqueFd fd = open_output(place, file.path);
  std::byte* to = out.extend(static_cast<std::size_t>(file.size));
  for (std::uint64_t left = file.size; left > 0;) {
    const ssize_t got = ::read(fd.get(), to, static_cast<std::size_t>(left));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw OutputError{fmt::format("the output \"{}\" cannot be read: {}", file.path, std::strerror(errno))};
    if (got == 0) throw OutputError{fmt::format("the output \"{}\" became shorter while it was read", file.path)};
    to += got;
    left -= static_cast<std::uint64_t>(got);
  }
}

/// A folder that goes again, with all that is in it, unless it is kept.
class NewFolder {
 public:
  explicit NewFolder(const std::string& path) : path_{path} {
    if (::mkdir(path.c_str(), 0700) != 0)
      throw OutputError{fmt::format("the folder {} for the task's outputs cannot be made: {}", path, std::strerror(errno))};
  }
  ~NewFolder() {
    std::error_code ignored;
    if (!is_kept_) std::filesystem::remove_all(path_, ignored);
  }
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;
  void keep() noexcept { is_kept_ = true; }

 private:
  const std::string path_;
  bool is_kept_ = false;
};

void move_or_copy(const FoundOutput& file, const std::string& to) {
  const OutputPlace place = place_of(file.path);
  if (::renameat(place.folder.get(), place.name.c_str(), AT_FDCWD, to.c_str()) == 0) return;
  if (errno != EXDEV)
    throw OutputError{fmt::format("the output \"{}\" cannot be moved to {}: {}", file.path, to, std::strerror(errno))};
  const process::UniqueFd from = open_output(place, file.path);
  const process::UniqueFd copy{::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file.is_executable ? 0700 : 0600)};
  if (copy.get() < 0 || !copy_file(from.get(), copy.get()))
    throw OutputError{fmt::format("the output \"{}\" cannot be copied to {}: {}", file.path, to, std::strerror(errno))};
}

}  // namespace

void take_outputs(const wire::Terms& terms, Bytes& value) {
  const std::vector<FoundOutput> found = find_outputs(terms);
  const bool are_moved = !terms.outputs_folder.empty();
  std::vector<wire::OutputEntry> list;
  std::uint64_t content = 0;
  for (const FoundOutput& file : found) {
    list.push_back({file.path, file.is_executable, are_moved, file.size});
    if (!are_moved) content += file.size;
  }
  Bytes all;
  all.reserve(wire::size_of_output_list(list) + static_cast<std::size_t>(content) + value.size());
  wire::begin_output_list(all, static_cast<std::uint32_t>(list.size()));
  const process::NoWriteSignals no_signals;
  std::optional<NewFolder> folder;
  if (are_moved) folder.emplace(terms.outputs_folder);
  for (std::size_t i = 0; i < found.size(); ++i) {
    wire::append(all, list[i]);
    if (are_moved)
      move_or_copy(found[i], fmt::format("{}/{}", terms.outputs_folder, i));
    else
      append_content(all, found[i]);
  }
  all.append(value.data(), value.size());
  value = std::move(all);
  if (folder) folder->keep();
}

}  // namespace mw::worker
