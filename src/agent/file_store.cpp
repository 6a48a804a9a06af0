#include "agent/file_store.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "worker/task_folder.hpp"

namespace mw::agent {

namespace {

std::atomic<std::uint64_t> stores{0};

}  // namespace

FileStore::FileStore(std::string folder, std::string seen_as) noexcept
    : folder_{std::move(folder)}, seen_as_{std::move(seen_as)}, store_{++stores} {}

FileStore::~FileStore() {
  if (files_.empty()) return;
  for (const auto& [number, file] : files_)
    if (!file.path.empty()) ::unlink(file.path.c_str());
  if (folder_.empty()) worker::remove_empty_own_folder();
}

std::string FileStore::place_for(std::uint64_t number) const {
  return fmt::format("{}/file-{}-{}", folder_.empty() ? worker::own_folder() : folder_, store_, number);
}

void FileStore::open(File& file, bool is_executable) {
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
  file.fd = process::UniqueFd{::open(file.path.c_str(), flags, is_executable ? 0700 : 0600)};
  if (file.fd.get() < 0) file.error = std::strerror(errno);
}

void FileStore::add(const wire::FilePiece& piece) {
  const auto [place, is_new] = files_.try_emplace(piece.file);
  File& file = place->second;
  try {
    if (is_new) {
      file.path = place_for(piece.file);
      open(file, piece.is_executable);
    }
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
    file.path = place_for(link.file);
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
  std::string path = own_path_of(number);
  if (folder_.empty() || !path.starts_with(folder_)) return path;
  return seen_as_ + path.substr(folder_.size());
}

std::string FileStore::own_path_of(std::uint64_t number) const {
  const auto place = files_.find(number);
  if (place == files_.end() || !place->second.is_whole)
    return fmt::format("/nonexistent/file {} did not come from the master", number);
  if (!place->second.error.empty()) return fmt::format("/nonexistent/{}: {}", place->second.path, place->second.error);
  return place->second.path;
}

}  // namespace mw::agent
