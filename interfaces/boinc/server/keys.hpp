// A project's keys, in its folder.
//
// What:    the code-signing key, the upload key, the account key that volunteers attach with, and a secret: made when the project
//          is, read later. Private ones have mode 600; one that others can read is refused (S8). Without code_sign_private the
//          worker builds must come signed: FILE.signature beside FILE.
// Owner:   a value.
// Threads: read only.
// Use:
//     const Keys keys = Keys::in_folder(state);             // throws InterfaceError
#pragma once

#include <optional>
#include <string>

#include "boinc/protocol/signing.hpp"

namespace mw::boinc {

struct Keys {
  std::optional<SigningKey> code_signing;  ///< empty: it is kept elsewhere
  std::string code_sign_public;            ///< text form
  SigningKey upload;
  VerifyingKey upload_check;
  std::string account;  ///< 32 hex digits
  std::string secret;

  static Keys in_folder(const std::string& folder);
};

}  // namespace mw::boinc
