#include "boinc/server/keys.hpp"

#include <filesystem>
#include <functional>
#include <span>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "boinc/key_ring.hpp"
#include "boinc/protocol/md5.hpp"
#include "crypto/secrets.hpp"
#include "process/file.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;

std::string read_or_make(const fs::path& path, const std::function<std::string()>& make) {
  if (!fs::exists(path)) process::write_file(path, make(), 0600);
  return process::read_secret_file(path);
}

std::string read_or_make_digits(const fs::path& path) {
  read_or_make(path, [] { return random_hex(16) + "\n"; });
  return read_key_of_digits(path);
}

}  // namespace

std::string Keys::told(std::string_view what) const {
  const auto digest = crypto::hmac_sha256(std::as_bytes(std::span{secret}), std::as_bytes(std::span{what}));
  constexpr std::size_t kept = 16;
  std::string text;
  for (std::size_t i = 0; i < kept; ++i) text += fmt::format("{:02x}", static_cast<unsigned>(digest[i]));
  return text;
}

Keys Keys::in_folder(const std::string& folder) {
  const fs::path path{folder};
  const fs::path private_path = path / "code_sign_private", public_path = path / "code_sign_public";
  std::optional<SigningKey> code_signing;
  if (fs::exists(private_path) || !fs::exists(public_path)) {
    code_signing.emplace(read_or_make(private_path, [] { return SigningKey::generate().private_text(); }));
    process::write_file(public_path, code_signing->public_text(), 0644);
  }
  const std::string public_text = process::read_text_file(public_path);
  static_cast<void>(VerifyingKey{public_text});  // throws if it is none
  SigningKey upload{read_or_make(path / "upload_private", [] { return SigningKey::generate().private_text(); })};
  VerifyingKey upload_check{upload.public_text()};
  return {std::move(code_signing),
          public_text,
          std::move(upload),
          std::move(upload_check),
          read_or_make_digits(path / "account_key"),
          read_or_make_digits(path / "own_key"),
          read_or_make_digits(path / "secret")};
}

}  // namespace mw::boinc
