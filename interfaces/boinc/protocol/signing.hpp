// BOINC's signatures: RSA over the MD5 of a text, in BOINC's text forms.
//
// What:    SigningKey signs, VerifyingKey checks. Text forms: bytes are lower-case hex, 64 digits a line, then a line
//          with a '.'; a key is a line with its bits, then its fields that way. The signature is PKCS#1 v1.5 over the
//          32 hex digits of the MD5, without a DigestInfo (lib/crypt.cpp of BOINC).
// Owner:   own OpenSSL's keys.
// Threads: one at a time each.
// Use:
//     const SigningKey key = SigningKey::generate();
//     const std::string signature = key.sign(md5_hex(file));
//     VerifyingKey{key.public_text()}.verify(md5_hex(file), signature);      // true
//
// 1,024 bits and MD5 are what the stock client understands, and weak by today's standards: see docs/threat-model.md.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace mw::boinc {

/// OpenSSL's EVP_PKEY.
struct EvpKeyFree {
  void operator()(void* key) const noexcept;
};
using EvpKey = std::unique_ptr<void, EvpKeyFree>;

class SigningKey {
 public:
  /// A new pair; takes some ten milliseconds.
  static SigningKey generate();
  /// From private_text(), or BOINC's crypt_prog. Throws InterfaceError if it is no such key.
  explicit SigningKey(std::string_view private_text);

  /// The signature's text form, with its last line.
  std::string sign(std::string_view md5) const;
  std::string public_text() const;
  std::string private_text() const;

 private:
  explicit SigningKey(EvpKey key) : key_{std::move(key)} {}
  EvpKey key_;
};

class VerifyingKey {
 public:
  /// From public_text(). Throws InterfaceError if it is no such key.
  explicit VerifyingKey(std::string_view public_text);
  /// White space in the signature does not matter. False for any text that is no signature.
  bool verify(std::string_view md5, std::string_view signature) const;

 private:
  EvpKey key_;
};

/// What is signed to permit an upload of at most `max_nbytes` under this name.
std::string upload_permission_text(std::string_view name, double max_nbytes);

}  // namespace mw::boinc
