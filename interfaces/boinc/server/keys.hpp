// A project's keys, in its folder.
//
// What:    the code-signing key, the upload key, the account key that volunteers attach with, and a secret: made when
//          the project is, read later. Private ones have mode 600; one that others can read is refused (S8). Without
//          code_sign_private the worker builds must come signed: FILE.signature beside FILE.
// Owner:   a value.
// Threads: read only.
// Use:
//     const Keys keys = Keys::in_folder(state);             // throws InterfaceError
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "boinc/protocol/signing.hpp"

namespace mw::boinc {

struct Keys {
  std::optional<SigningKey> code_signing;  ///< empty: it is kept elsewhere
  std::string code_sign_public;            ///< text form
  SigningKey upload;
  VerifyingKey upload_check;
  std::string account;  ///< 32 hex digits, as is the next
  std::string own;      ///< the account key of the volunteers that the project itself starts on its machine
  std::string secret;

  /// What only this project can say of `what`, and whom it has told: 32 hex digits (HMAC-SHA256, RFC 2104, cut).
  std::string told(std::string_view what) const;

  static Keys in_folder(const std::string& folder);
};

}  // namespace mw::boinc
