#include "boinc/volunteer/file_store.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "boinc/protocol/md5.hpp"
#include "boinc/protocol/signing.hpp"
#include "process/room.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;

constexpr const char* folders[] = {"programs", "inputs", "outputs"};
constexpr int most_tries = 8;                      // of a file that is not the right one
constexpr std::int64_t room_to_leave = 256 << 20;  // on the disk, for others
constexpr std::size_t spare_programs = 4;          // that are kept for the next task
constexpr const char* in_part = ".part";

/// What it is called by its content. A project may leave out the MD5 of what it signs: then the signature stands for
/// it.
std::string content_name(const FileInfo& file) { return (file.md5.empty() ? md5_hex(file.signature) : file.md5) + "-" + file.name; }

std::int64_t size_at(const std::string& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  return error ? 0 : static_cast<std::int64_t>(size);
}

}  // namespace

FileStore::FileStore(fs::path folder, http::Transfer& transfer) : folder_{std::move(folder)}, transfer_{transfer} {
  for (const char* name : folders) {
    fs::create_directories(folder_ / name);
    fs::permissions(folder_ / name, fs::perms::owner_all);
  }
}

std::string FileStore::program(const FileInfo& file) const { return (folder_ / folders[0] / content_name(file)).string(); }
std::string FileStore::input(const FileInfo& file) const { return (folder_ / folders[1] / content_name(file)).string(); }
std::string FileStore::output(const FileInfo& file) const { return (folder_ / folders[2] / file.name).string(); }

void FileStore::fetch_program(const FileInfo& file, const std::string& code_sign_key) {
  fetch(file, program(file), &code_sign_key);
}
void FileStore::fetch_input(const FileInfo& file) { fetch(file, input(file), nullptr); }
void FileStore::check_program(const FileInfo& file, const std::string& code_sign_key) {
  check(file, program(file), &code_sign_key);
}
void FileStore::check_input(const FileInfo& file) { check(file, input(file), nullptr); }

/// It gets its name when it is whole and right.
void FileStore::fetch(const FileInfo& file, const std::string& path, const std::string* code_sign_key) {
  if (fs::exists(path)) return;
  const std::string part = path + in_part;
  check_room(file, size_at(part));
  transfer_.fetch(file.url, part, file.nbytes);
  check(file, part, code_sign_key);
  ::chmod(part.c_str(), code_sign_key ? 0500 : 0400);
  fs::rename(part, path);
  programs_.forget(part);
  refused_.erase(part);
}

void FileStore::check(const FileInfo& file, const std::string& path, const std::string* code_sign_key) {
  if (const auto size = size_at(path); size != file.nbytes)
    refuse(path, fmt::format("{} has {} bytes, not {} as was announced", file.name, size, file.nbytes), false);
  const std::string md5 = code_sign_key ? programs_.of(path) : md5_of_file(path);
  // What it is instead is not told: it may have come from a place that is none of the project's business.
  if (md5 != file.md5 && !(file.md5.empty() && code_sign_key))
    refuse(path, fmt::format("{} is not the file that was promised: its MD5 is another one", file.name), false);
  if (!code_sign_key) return;
  if (code_sign_key->empty())
    refuse(path, fmt::format("{} is not run: the project has shown no key that signs it", file.name), true);
  if (!VerifyingKey{*code_sign_key}.verify(md5, file.signature))
    refuse(path, fmt::format("{} is not signed by the project: it is not run", file.name), true);
}

void FileStore::refuse(const std::string& path, const std::string& why, bool is_final) {
  std::error_code ignored;
  fs::remove(path, ignored);
  programs_.forget(path);
  throw http::TransferError{why, ++refused_[path] >= most_tries || is_final};
}

void FileStore::check_room(const FileInfo& file, std::int64_t here) const {
  const std::int64_t free = process::disk_room(folder_.string()).free;
  if (file.nbytes - here > free - room_to_leave)
    throw http::TransferError{fmt::format("there is no room for {}: {} bytes are to come, and the disk of {} has {} left",
                                          file.name, file.nbytes - here, folder_.string(), free),
                              true};
}

void FileStore::keep_only(const std::vector<VolunteerTask>& tasks) {
  std::set<std::string> wanted;
  for (const VolunteerTask& task : tasks) {
    wanted.insert(output(task.output.info));
    if (task.stage == Stage::ended) continue;
    for (const std::string& suffix : {std::string{}, std::string{in_part}}) {
      wanted.insert(program(task.program.info) + suffix);
      for (const VolunteerFile& file : task.inputs) wanted.insert(input(file.info) + suffix);
    }
  }
  std::error_code ignored;
  std::vector<std::pair<fs::file_time_type, fs::path>> spare;
  for (const char* name : folders)
    for (const auto& entry : fs::directory_iterator{folder_ / name, ignored}) {
      if (wanted.contains(entry.path().string())) continue;
      if (name == folders[0] && entry.path().extension() != in_part)
        spare.emplace_back(entry.last_write_time(ignored), entry.path());
      else
        fs::remove_all(entry.path(), ignored);
    }
  std::sort(spare.rbegin(), spare.rend());  // the newest first
  for (std::size_t i = spare_programs; i < spare.size(); ++i) {
    fs::remove_all(spare[i].second, ignored);
    programs_.forget(spare[i].second.string());
  }
}

void FileStore::remove() {
  std::error_code ignored;
  for (const char* name : folders) fs::remove_all(folder_ / name, ignored);
}

}  // namespace mw::boinc
