#include "agent/file_store.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "worker/task_folder.hpp"

namespace mw::agent {

FileStore::~FileStore() {
  if (!files_.empty()) worker::remove_own_folder();
}

void FileStore::open(File& file, std::uint64_t number, bool is_executable) {
  file.path = fmt::format("{}/file-{}", worker::own_folder(), number);
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
  file.fd = process::UniqueFd{::open(file.path.c_str(), flags, is_executable ? 0700 : 0600)};
  if (file.fd.get() < 0) file.error = std::strerror(errno);
}

void FileStore::add(const wire::FilePiece& piece) {
  const auto [place, is_new] = files_.try_emplace(piece.file);
  File& file = place->second;
  try {
    if (is_new) open(file, piece.file, piece.is_executable);
  } catch (const Error& e) {
    file.error = e.what();
  }
  auto bytes = piece.bytes;
  while (file.error.empty() && !bytes.empty()) {
    const ssize_t written = ::write(file.fd.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0)
      file.error = std::strerror(errno);
    else
      bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  if (!piece.is_last) return;
  file.fd = process::UniqueFd{};
  file.is_whole = true;
}

void FileStore::link(const wire::FileLink& link) {
  File& file = files_[link.file];
  try {
    file.path = fmt::format("{}/file-{}", worker::own_folder(), link.file);
    file.is_missing = ::link(link.path.c_str(), file.path.c_str()) != 0;
  } catch (const Error&) {
    file.is_missing = true;
  }
  file.is_whole = !file.is_missing;
}

bool FileStore::is_missing(std::uint64_t number) const {
  const auto place = files_.find(number);
  return place != files_.end() && place->second.is_missing;
}

void FileStore::remove(std::uint64_t number) noexcept {
  const auto place = files_.find(number);
  if (place == files_.end()) return;
  ::unlink(place->second.path.c_str());
  files_.erase(place);
}

std::string FileStore::path_of(std::uint64_t number) const {
  const auto place = files_.find(number);
  if (place == files_.end() || !place->second.is_whole)
    return fmt::format("/nonexistent/file {} did not come from the master", number);
  if (!place->second.error.empty()) return fmt::format("/nonexistent/{}: {}", place->second.path, place->second.error);
  return place->second.path;
}

}  // namespace mw::agent
