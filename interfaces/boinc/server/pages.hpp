// What clients that do not have an account yet are told.
//
// What:    the project's configuration, and the account calls of BOINC's web interface.
// Owner:   nothing.
// Threads: the server's; account calls inside a transaction.
// Use:
//     body = project_config(project);
#pragma once

#include <string>
#include <string_view>

#include "boinc/server/project.hpp"

namespace mw::boinc {

/// get_project_config.php
std::string project_config(const Project& project);
/// What attaches a stock client that finds it in its folder as account_….xml.
std::string account_file(std::string_view url, std::string_view key);
/// create_account.php and lookup_account.php; `query` is what follows the '?'.
std::string create_account(Project& project, std::string_view query);
struct AccountAnswer {
  std::string text;
  bool is_refusal = false;  ///< there is no such account, or the password is wrong
};
AccountAnswer lookup_account(Project& project, std::string_view query);
/// The address that a query names, as accounts are known by it.
std::string email_in(std::string_view query);

}  // namespace mw::boinc
