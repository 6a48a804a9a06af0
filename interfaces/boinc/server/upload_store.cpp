#include "boinc/server/upload_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "boinc/policy/upload_room.hpp"
#include "process/room.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view part_end = ".part";
constexpr std::int64_t most_cut = std::int64_t{16} << 20;  // to cut off more takes long

[[noreturn]] void fail_to_store(const std::string& path) {
  throw InterfaceError{fmt::format("{} cannot be written: {}", path, std::strerror(errno))};
}

std::int64_t size_of_file(const std::string& path) {
  struct stat status = {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) ? status.st_size : 0;
}

}  // namespace

UploadStore::UploadStore(Project& project, SideThread& side) : project_{project}, side_{side} {
  // NAME.MD5.part, of the run before.
  for (const auto& entry : fs::directory_iterator{upload_folder(project_.settings)}) {
    const std::string file = entry.path().filename();
    constexpr std::size_t md5_size = 32;
    if (!file.ends_with(part_end) || file.size() < part_end.size() + md5_size + 2) continue;
    const std::string stem = file.substr(0, file.size() - part_end.size());
    const auto part = std::make_shared<UploadPart>();
    part->md5 = stem.substr(stem.size() - md5_size);
    part->name = stem.substr(0, stem.size() - md5_size - 1);
    part->path = entry.path();
    if (const auto before = parts_.find(part->name); before != parts_.end()) drop(*before->second);
    parts_[part->name] = part;
  }
  sqlite::Statement select = project_.database.prepare(
      "SELECT instance.host, instance.workunit, instance.number, output.nbytes FROM output JOIN instance ON instance.id = "
      "output.instance WHERE instance.validate_state IN (0, 4)");
  while (select.step()) charge(select.integer(0), {select.integer(1), select.integer(2)}, select.integer(3));
}

std::string UploadStore::path_of(const std::string& name, const std::string& md5) const {
  return fmt::format("{}/{}.{}{}", upload_folder(project_.settings), name, md5, part_end);
}

std::optional<std::string> UploadStore::refusal(std::int64_t host, std::int64_t nbytes) {
  const process::DiskRoom room = process::disk_room(upload_folder(project_.settings));
  if (!leaves_floor(room.free, room.total, nbytes)) return "this project has no room on its disk at the moment";
  Account& account = accounts_[host];
  if (account.nbytes + nbytes <= most_unvalidated(project_.settings.max_output, 0)) return std::nullopt;
  const std::int64_t most = most_unvalidated(project_.settings.max_output, project_.work.in_progress_on(host).size());
  look_at(account);
  if (account.nbytes + nbytes <= most) return std::nullopt;
  return fmt::format("this host has {} bytes here that are not validated yet, and may have {}", account.nbytes, most);
}

std::shared_ptr<UploadPart> UploadStore::begin(const std::string& name, const std::string& md5) {
  if (const auto before = parts_.find(name); before != parts_.end()) drop(*before->second);
  auto part = std::make_shared<UploadPart>();
  part->name = name;
  part->md5 = md5;
  part->path = path_of(name, md5);
  side_.remove(part->path);
  part->file = process::UniqueFd{::open(part->path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (part->file.get() < 0) fail_to_store(part->path);
  return parts_[name] = std::move(part);
}

std::shared_ptr<UploadPart> UploadStore::resume(const std::string& name, const std::string& md5, std::int64_t size) {
  const auto place = parts_.find(name);
  if (place == parts_.end()) return nullptr;
  const std::int64_t size_here = size_of(name);
  if (place->second->md5 != md5 || size_here < size || size_here - size > most_cut) {
    drop(*place->second);
    return nullptr;
  }
  auto part = std::make_shared<UploadPart>();
  part->name = name;
  part->md5 = md5;
  part->path = place->second->path;
  part->file = process::UniqueFd{::open(part->path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW)};
  if (part->file.get() < 0 || ::ftruncate(part->file.get(), size) != 0) fail_to_store(part->path);
  place->second->file = {};
  return place->second = std::move(part);
}

bool UploadStore::is_current(const UploadPart& part) const {
  const auto place = parts_.find(part.name);
  return place != parts_.end() && place->second.get() == &part;
}

std::optional<std::string> UploadStore::write(const UploadPart& part, std::span<const std::byte> bytes, std::int64_t position) {
  if (!is_current(part)) return "another upload of it has begun, or nobody needs it any more";
  const process::DiskRoom room = process::disk_room(upload_folder(project_.settings));
  if (!leaves_floor(room.free, room.total, static_cast<std::int64_t>(bytes.size())))
    return "this project has no room on its disk at the moment";
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(part.file.get(), bytes.data(), bytes.size(), position);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fmt::format("it cannot be stored: {}", std::strerror(errno));
    position += put;
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return std::nullopt;
}

void UploadStore::keep(const UploadPart& part) {
  const std::string path = upload_folder(project_.settings) + "/" + part.name;
  side_.remove(path);  // of an earlier upload
  if (::rename(part.path.c_str(), path.c_str()) != 0) fail_to_store(path);
  parts_.erase(parts_.find(part.name));
}

void UploadStore::drop(const UploadPart& part) {
  const auto place = parts_.find(part.name);
  if (place == parts_.end() || place->second.get() != &part) return;
  side_.remove(part.path);
  place->second->file = {};  // whoever writes it may be silent for long
  parts_.erase(place);
}

std::int64_t UploadStore::size_of(const std::string& name) const {
  const auto place = parts_.find(name);
  return place == parts_.end() ? 0 : size_of_file(place->second->path);
}

/// Each look is paid for by as many uploads as it looks at.
void UploadStore::charge(std::int64_t host, InstanceNumber instance, std::int64_t nbytes) {
  Account& account = accounts_[host];
  account.stored.push_back({instance, nbytes});
  account.nbytes += nbytes;
  constexpr std::size_t few = 64;
  if (account.stored.size() > 2 * account.looked_at + few) look_at(account);
}

bool UploadStore::waits(InstanceNumber number) {
  const auto instance = project_.work.instance(number.workunit, number.number);
  if (!instance) return false;
  const ValidateState state = instance->state.validate_state;
  if (state != ValidateState::init && state != ValidateState::inconclusive) return false;
  return project_.work.output_facts(instance->id).has_value();
}

void UploadStore::look_at(Account& account) {
  // Of an instance that was uploaded twice, the later output is here.
  std::set<std::pair<std::int64_t, std::int64_t>> seen;
  std::vector<Stored> left;
  account.nbytes = 0;
  for (auto one = account.stored.rbegin(); one != account.stored.rend(); ++one) {
    if (!seen.emplace(one->instance.workunit, one->instance.number).second || !waits(one->instance)) continue;
    account.nbytes += one->nbytes;
    left.push_back(*one);
  }
  std::reverse(left.begin(), left.end());
  account.stored = std::move(left);
  account.looked_at = account.stored.size();
}

bool UploadStore::is_wanted(const std::string& name) {
  const auto number = project_.names.find_output(name);
  const auto instance = number ? project_.work.instance(number->workunit, number->number) : std::nullopt;
  return instance && instance->received == Time{};
}

void UploadStore::sweep() {
  std::vector<std::shared_ptr<UploadPart>> unwanted;
  for (const auto& [name, part] : parts_)
    if (!is_wanted(name)) unwanted.push_back(part);
  for (const auto& part : unwanted) drop(*part);
}

}  // namespace mw::boinc
