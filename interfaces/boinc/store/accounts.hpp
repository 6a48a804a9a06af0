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

#include "boinc/policy/credit.hpp"
#include "boinc/policy/states.hpp"
#include "sqlite/database.hpp"

namespace mw::boinc {

struct Account {
  std::int64_t id = 0;
  std::string authenticator;
  std::string passwd_hash;
  std::string name;
  Time created{};
  Credit credit;  ///< of all its hosts
  bool has_email = false;
};

class Accounts {
 public:
  explicit Accounts(sqlite::Database& database);

  std::optional<std::int64_t> find(std::string_view authenticator);
  /// Null if there is none. Valid until it is forgotten.
  const Account* find(std::int64_t id);
  bool has_email(std::int64_t id) {
    const Account* account = find(id);
    return account && account->has_email;
  }
  /// One of its hosts was granted so much: what is told of it follows from its hosts.
  void note_credit(std::int64_t id, double credit, Time now);
  /// What is in memory is read anew when it is asked for.
  void forget() noexcept {
    known_.clear();
    by_id_.clear();
  }
  std::optional<Account> find_by_email(std::string_view email);
  std::int64_t create(std::string_view authenticator, std::optional<std::string_view> email, std::string_view passwd_hash,
                      std::string_view name, Time now);

 private:
  sqlite::Database& database_;
  Account* read(std::int64_t id);

  sqlite::Statement find_, find_by_id_, credit_of_hosts_, find_by_email_, insert_;
  std::unordered_map<std::int64_t, Account> by_id_;
  std::unordered_map<std::string, std::int64_t> known_;
};

}  // namespace mw::boinc
