#include "boinc/key_ring.hpp"

#include <mw/error.hpp>

#include <fmt/format.h>

#include "boinc/protocol/md5.hpp"
#include "boinc/protocol/xml.hpp"
#include "process/file.hpp"

namespace mw::boinc {
namespace fs = std::filesystem;

std::string read_key_of_digits(const std::string& path) {
  std::string key = process::read_secret_file(path);
  while (!key.empty() && (key.back() == '\n' || key.back() == '\r' || key.back() == ' ')) key.pop_back();
  if (!is_md5(key)) throw InterfaceError{fmt::format("{} does not hold 32 hex digits", path)};
  return key;
}

void KeyRing::read() {
  std::error_code error;
  const auto changed = fs::last_write_time(folder_, error);
  if (error) {
    owners_.clear();
    changed_ = {};
    return;
  }
  if (changed == changed_) return;
  // A change within the clock's grain of the last one would go unseen: a young folder is read again next time.
  changed_ = fs::file_time_type::clock::now() - changed > std::chrono::seconds{2} ? changed : fs::file_time_type{};
  owners_.clear();
  for (const auto& entry : fs::directory_iterator{folder_, error}) {
    try {
      owners_[read_key_of_digits(entry.path())] = entry.path().filename().string();
    } catch (const Error& e) {
      complain_(fmt::format("a volunteer's key is not taken: {}", e.what()));
    }
  }
}

std::optional<std::string> KeyRing::owner_of(std::string_view key) {
  read();
  const auto place = owners_.find(std::string{key});
  return place == owners_.end() ? std::nullopt : std::optional{place->second};
}

std::string KeyRing::add(const std::string& folder, const std::string& name) {
  if (!is_file_name(name))
    throw UsageError{fmt::format("\"{}\" cannot be a volunteer's name: letters, digits, '_', '-', '.', '+', at most 200", name)};
  fs::create_directories(folder);
  fs::permissions(folder, fs::perms::owner_all);
  const fs::path path = fs::path{folder} / name;
  if (fs::exists(path)) throw UsageError{fmt::format("{} has a key already: {}", name, path.string())};
  process::write_file(path, random_hex(16) + "\n", 0600);
  return path.string();
}

}  // namespace mw::boinc
