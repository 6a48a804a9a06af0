// Keys of their own for volunteers (keys=each).
//
// What:    a file of the project's folder keys/ holds one volunteer's account key and is called as he is; `mw
//          boinc-key` makes it. Who deletes the file takes the key back: looked at anew when the folder has changed.
// Owner:   remembers what it has read.
// Threads: one at a time.
// Use:
//     if (const auto name = ring.owner_of(authenticator)) …
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace mw::boinc {

/// What a key file holds: 32 hex digits. Throws InterfaceError, also where others can read the file.
std::string read_key_of_digits(const std::string& path);

class KeyRing {
 public:
  /// `folder`: of the keys; it need not be there. `complain` hears of files that are no keys.
  KeyRing(std::string folder, std::function<void(const std::string&)> complain)
      : folder_{std::move(folder)}, complain_{std::move(complain)} {}

  /// Whose key that is; nothing if it is nobody's.
  std::optional<std::string> owner_of(std::string_view key);

  /// Makes a key for this volunteer and returns the path of its file. Throws UsageError for a name that cannot be a
  /// file's or has a key, InterfaceError where the file cannot be made.
  static std::string add(const std::string& folder, const std::string& name);

 private:
  void read();

  const std::string folder_;
  const std::function<void(const std::string&)> complain_;
  std::filesystem::file_time_type changed_{};
  std::unordered_map<std::string, std::string> owners_;  ///< by key
};

}  // namespace mw::boinc
