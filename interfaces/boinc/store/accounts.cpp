#include "boinc/store/accounts.hpp"

#include "boinc/store/work.hpp"

namespace mw::boinc {

Accounts::Accounts(sqlite::Database& database)
    : database_{database},
      find_{database.prepare("SELECT id FROM user WHERE authenticator = ?")},
      find_by_email_{database.prepare("SELECT id, authenticator, passwd_hash FROM user WHERE email = ?")},
      insert_{database.prepare("INSERT INTO user(authenticator, email, passwd_hash, name, created) VALUES (?, ?, ?, ?, ?)")} {}

std::optional<std::int64_t> Accounts::find(std::string_view authenticator) {
  const std::string key{authenticator};
  if (const auto place = known_.find(key); place != known_.end()) return place->second;
  if (!find_.bind(authenticator).step()) return std::nullopt;
  const std::int64_t id = find_.integer(0);
  find_.reset();
  known_[key] = id;
  return id;
}

std::optional<Account> Accounts::find_by_email(std::string_view email) {
  if (!find_by_email_.bind(email).step()) return std::nullopt;
  Account account{find_by_email_.integer(0), std::string{find_by_email_.text(1)}, std::string{find_by_email_.text(2)}};
  find_by_email_.reset();
  return account;
}

std::int64_t Accounts::create(std::string_view authenticator, std::optional<std::string_view> email, std::string_view passwd_hash,
                              std::string_view name, Time now) {
  insert_.run(authenticator, email, passwd_hash, name, to_ms(now));
  return database_.last_id();
}

}  // namespace mw::boinc
