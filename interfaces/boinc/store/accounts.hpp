// Accounts: who may take part.
//
// What:    an account is an authenticator (32 hex digits); by e-mail, where the owner allows it, or the project's own.
// Owner:   refers to the database.
// Threads: the server's; inside a transaction.
// Use:
//     if (const auto user = accounts.find(authenticator)) …
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "boinc/policy/states.hpp"
#include "sqlite/database.hpp"

namespace mw::boinc {

struct Account {
  std::int64_t id = 0;
  std::string authenticator;
  std::string passwd_hash;
};

class Accounts {
 public:
  explicit Accounts(sqlite::Database& database);

  std::optional<std::int64_t> find(std::string_view authenticator);
  std::optional<Account> find_by_email(std::string_view email);
  std::int64_t create(std::string_view authenticator, std::optional<std::string_view> email, std::string_view passwd_hash,
                      std::string_view name, Time now);

 private:
  sqlite::Database& database_;
  sqlite::Statement find_, find_by_email_, insert_;
  std::unordered_map<std::string, std::int64_t> known_;
};

}  // namespace mw::boinc
