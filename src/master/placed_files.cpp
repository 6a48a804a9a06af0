#include "master/placed_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <set>
#include <system_error>

#include <fmt/format.h>

#include "process/file.hpp"
#include "process/no_write_signals.hpp"
#include "process/unique_fd.hpp"
#include "wire/output_list.hpp"
#include "worker/copy_file.hpp"
#include "worker/find_outputs.hpp"
#include "worker/output_pattern.hpp"

namespace mw::detail {
namespace {

namespace fs = std::filesystem;
using worker::OutputError;

[[noreturn]] void fail(const std::string& path, const std::string& place, const char* what) {
  throw OutputError{fmt::format("the output \"{}\" {} {}: {}", path, what, place, std::strerror(errno))};
}

std::string temporary_beside(const fs::path& place) {
  static std::atomic<std::uint64_t> last{0};
  return (place.parent_path() / fmt::format(".mw-output-{}-{}", ::getpid(), ++last)).string();
}

}  // namespace

PlacedFiles::~PlacedFiles() {
  for (const File& file : files_)
    if (!file.temporary.empty()) ::unlink(file.temporary.c_str());
}

void PlacedFiles::commit() {
  for (File& file : files_) {
    if (::rename(file.temporary.c_str(), file.place.c_str()) != 0) fail(file.place, "its place", "cannot be put into");
    file.temporary.clear();
  }
}

class Placing {
 public:
  Placing(const std::vector<OutputFile>& outputs, std::uint64_t limit, const std::string& folder)
      : outputs_{outputs}, limit_{limit}, folder_{folder}, is_there_(outputs.size()) {}

  PlacedFiles run(const wire::OutputList& list) {
    std::uint64_t total = 0;
    std::vector<std::string> places;
    std::set<std::string> taken;
    for (const wire::OutputEntry& entry : list.files) {
      places.push_back(place_of(entry));
      if (!taken.insert(fs::path{places.back()}.lexically_normal()).second)
        throw OutputError{fmt::format("two outputs of the task would be \"{}\"", places.back())};
      if (entry.size > limit_ - total)
        throw OutputError{fmt::format("the output \"{}\" goes beyond the limit of {} bytes", entry.path, limit_)};
      total += entry.size;
    }
    for (std::size_t i = 0; i < outputs_.size(); ++i)
      if (!is_there_[i]) throw OutputError{fmt::format("the output \"{}\" did not come with the result", outputs_[i].from)};
    const process::NoWriteSignals no_signals;
    for (std::size_t i = 0; i < list.files.size(); ++i) put(list.files[i], i, places[i]);
    placed_.value_ = list.value;
    return std::move(placed_);
  }

 private:
  /// Of the first output that names it.
  std::string place_of(const wire::OutputEntry& entry) {
    const OutputFile* first = nullptr;
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      if (!worker::matches(outputs_[i].from, entry.path)) continue;
      is_there_[i] = true;
      if (!first) first = &outputs_[i];
    }
    if (!first) throw OutputError{fmt::format("a file \"{}\" came with the result, which was not asked for", entry.path)};
    return worker::destination(*first, entry.path);
  }

  /// The new file says what permissions a file has here: its mode is also that of one that is moved into its place.
  void put(const wire::OutputEntry& entry, std::size_t number, const std::string& place) {
    const fs::path path{place};
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    if (fs::is_directory(path, error))
      throw OutputError{fmt::format("the output \"{}\" cannot be written: its place, {}, is a folder", entry.path, place)};
    const std::string temporary = temporary_beside(path);
    const process::UniqueFd file{
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, entry.is_executable ? 0777 : 0666)};
    if (file.get() < 0) fail(entry.path, place, "cannot be written to");
    placed_.files_.push_back({temporary, place});
    if (entry.is_in_folder)
      move_or_copy(entry, fmt::format("{}/{}", folder_, number), file.get(), temporary, place);
    else
      write(entry, file.get(), place);
  }

  static void write(const wire::OutputEntry& entry, int file, const std::string& place) {
    try {
      process::write_all(file, entry.content, place);
    } catch (const InterfaceError& e) {
      throw OutputError{fmt::format("the output \"{}\": {}", entry.path, e.what())};
    }
  }

  /// A file with another name elsewhere is not moved: that would be its file, too.
  static void move_or_copy(const wire::OutputEntry& entry, const std::string& from, int file, const std::string& temporary,
                           const std::string& place) {
    const process::UniqueFd source{::open(from.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    struct stat status = {};
    struct stat wanted = {};
    if (source.get() < 0 || ::fstat(source.get(), &status) != 0 || ::fstat(file, &wanted) != 0)
      fail(entry.path, from, "cannot be read at");
    if (!S_ISREG(status.st_mode) || static_cast<std::uint64_t>(status.st_size) != entry.size)
      throw OutputError{fmt::format("the output \"{}\" is not what it was when the task ended", entry.path)};
    if (status.st_nlink == 1 && ::fchmod(source.get(), wanted.st_mode & 0777) == 0 &&
        ::rename(from.c_str(), temporary.c_str()) == 0)
      return;
    if (!worker::copy_file(source.get(), file)) fail(entry.path, place, "cannot be written to");
  }

  const std::vector<OutputFile>& outputs_;
  const std::uint64_t limit_;
  const std::string& folder_;
  std::vector<bool> is_there_;
  PlacedFiles placed_;
};

PlacedFiles place_outputs(const std::vector<OutputFile>& outputs, std::uint64_t limit, const std::string& folder,
                          std::span<const std::byte> value) {
  try {
    return Placing{outputs, limit, folder}.run(wire::parse_output_list(value));
  } catch (const wire::ProtocolError& e) {
    throw OutputError{e.what()};
  }
}

}  // namespace mw::detail
