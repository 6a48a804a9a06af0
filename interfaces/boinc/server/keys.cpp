#include "boinc/server/keys.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <mw/error.hpp>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include <fmt/format.h>

#include "boinc/protocol/md5.hpp"
#include "process/unique_fd.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;

/// All of a file that only its owner may read.
std::string read_secret(const fs::path& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0)
    throw InterfaceError{fmt::format("the key file {} can not be read: {}", path.string(), std::strerror(errno))};
  if ((status.st_mode & 0077) != 0)
    throw InterfaceError{fmt::format(
        "the key file {} can be read by others: chmod 600 it, and make a new key if anyone may have read it", path.string())};
  std::ifstream file{path};
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw InterfaceError{fmt::format("the key file {} can not be read", path.string())};
  return text.str();
}

/// By rename, so that it is there whole or not at all.
void write_file(const fs::path& path, const std::string& text, mode_t mode) {
  const fs::path temporary = path.string() + ".new";
  fs::remove(temporary);
  const process::UniqueFd file{::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)};
  if (file.get() < 0 || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::fsync(file.get()) != 0 || ::rename(temporary.c_str(), path.c_str()) != 0)
    throw InterfaceError{fmt::format("{} can not be written: {}", path.string(), std::strerror(errno))};
}

std::string read_or_make(const fs::path& path, const std::function<std::string()>& make) {
  if (!fs::exists(path)) write_file(path, make(), 0600);
  return read_secret(path);
}

std::string without_end_of_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  return text;
}

std::string read_key_of_digits(const fs::path& path) {
  std::string key = without_end_of_line(read_or_make(path, [] { return random_hex(16) + "\n"; }));
  if (!is_md5(key)) throw InterfaceError{fmt::format("{} does not hold 32 hex digits", path.string())};
  return key;
}

}  // namespace

Keys Keys::in_folder(const std::string& folder) {
  const fs::path path{folder};
  const fs::path private_path = path / "code_sign_private", public_path = path / "code_sign_public";
  std::optional<SigningKey> code_signing;
  if (fs::exists(private_path) || !fs::exists(public_path)) {
    code_signing.emplace(read_or_make(private_path, [] { return SigningKey::generate().private_text(); }));
    write_file(public_path, code_signing->public_text(), 0644);
  }
  std::ifstream file{public_path};
  std::ostringstream public_text;
  public_text << file.rdbuf();
  static_cast<void>(VerifyingKey{public_text.str()});  // throws if it is none
  SigningKey upload{read_or_make(path / "upload_private", [] { return SigningKey::generate().private_text(); })};
  VerifyingKey upload_check{upload.public_text()};
  return {std::move(code_signing),
          public_text.str(),
          std::move(upload),
          std::move(upload_check),
          read_key_of_digits(path / "account_key"),
          read_key_of_digits(path / "secret")};
}

}  // namespace mw::boinc
