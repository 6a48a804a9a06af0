#include "boinc/server/downloads.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "boinc/policy/upload_room.hpp"
#include "process/room.hpp"

namespace mw::boinc {
namespace {

constexpr std::int64_t small_download = 16 * 1024;
constexpr std::size_t piece_size = 256 * 1024;

}  // namespace

std::optional<http::Content> Downloads::find(const std::string& name) {
  if (const auto workunit = project_.names.find_input(name)) return input(*workunit);
  std::string path;
  if (const WorkerBuild* build = project_.versions.by_file_name(name))
    path = build->path();
  else if (project_.names.find_data_file(name))
    path = download_folder(project_.settings) + "/" + name;
  else
    return std::nullopt;
  return file(path);
}

std::optional<http::Content> Downloads::file(const std::string& path) {
  auto file = std::make_shared<process::UniqueFd>(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status = {};
  if (file->get() < 0 || ::fstat(file->get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return http::Content{status.st_size, std::move(file)};
}

std::optional<http::Content> Downloads::input(std::int64_t workunit) {
  auto blob = sqlite::BlobReader::open(project_.database, "input", "bytes", workunit);
  if (!blob) {
    const auto row = project_.work.workunit(workunit);
    return row && row->tasks.size() == 1 ? file(large_input_path(project_.settings, row->tasks.front())) : std::nullopt;
  }
  http::Content download{blob->size(), nullptr};
  if (download.size <= small_download) {
    download.bytes.resize(static_cast<std::size_t>(download.size));
    blob->read(0, std::as_writable_bytes(std::span{download.bytes}));
    return download;
  }
  if (const auto place = spooled_.find(workunit); place != spooled_.end()) download.file = place->second.lock();
  if (download.file) return download;
  download.file = spool(*blob);
  std::erase_if(spooled_, [](const auto& entry) { return entry.second.expired(); });
  spooled_[workunit] = download.file;
  return download;
}

std::shared_ptr<const process::UniqueFd> Downloads::spool(sqlite::BlobReader& blob) {
  const std::string folder = download_folder(project_.settings);
  const process::DiskRoom room = process::disk_room(folder);
  if (!leaves_floor(room.free, room.total, blob.size())) throw InterfaceError{fmt::format("no room in {} for a download", folder)};
  std::string path = folder + "/spool-XXXXXX";
  auto file = std::make_shared<process::UniqueFd>(::mkostemp(path.data(), O_CLOEXEC));
  if (file->get() < 0) throw InterfaceError{fmt::format("no file can be made in {}: {}", folder, std::strerror(errno))};
  ::unlink(path.c_str());
  std::vector<std::byte> buffer(piece_size);
  for (std::int64_t at = 0; at < blob.size();) {
    const auto piece = std::span{buffer}.first(std::min(buffer.size(), static_cast<std::size_t>(blob.size() - at)));
    blob.read(at, piece);
    for (std::size_t written = 0; written < piece.size();) {
      const ssize_t put = ::write(file->get(), piece.data() + written, piece.size() - written);
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) throw InterfaceError{fmt::format("{} cannot be written: {}", path, std::strerror(errno))};
      written += static_cast<std::size_t>(put);
    }
    at += static_cast<std::int64_t>(piece.size());
  }
  return file;
}

}  // namespace mw::boinc
