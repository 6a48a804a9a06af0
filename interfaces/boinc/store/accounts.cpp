#include "boinc/store/accounts.hpp"

#include "boinc/store/work.hpp"

namespace mw::boinc {

Accounts::Accounts(sqlite::Database& database)
    : database_{database},
      find_{database.prepare("SELECT id FROM user WHERE authenticator = ?")},
      find_by_id_{database.prepare("SELECT name, created, email IS NOT NULL FROM user WHERE id = ?")},
      credit_of_hosts_{database.prepare("SELECT sum(credit), sum(average_credit), max(average_time) FROM host WHERE user = ?")},
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

Account* Accounts::read(std::int64_t id) {
  if (const auto place = by_id_.find(id); place != by_id_.end()) return &place->second;
  if (!find_by_id_.bind(id).step()) return nullptr;
  Account account;
  account.id = id;
  account.name = find_by_id_.text(0);
  account.created = from_ms(find_by_id_.integer(1));
  account.has_email = find_by_id_.integer(2) != 0;
  find_by_id_.reset();
  credit_of_hosts_.bind(id).step();
  account.credit = {credit_of_hosts_.real(0), credit_of_hosts_.real(1), from_ms(credit_of_hosts_.integer(2))};
  credit_of_hosts_.reset();
  return &(by_id_[id] = std::move(account));
}

const Account* Accounts::find(std::int64_t id) { return read(id); }

void Accounts::note_credit(std::int64_t id, double credit, Time now) {
  if (Account* account = read(id)) account->credit.grant(credit, now);
}

std::optional<Account> Accounts::find_by_email(std::string_view email) {
  if (!find_by_email_.bind(email).step()) return std::nullopt;
  Account account;
  account.id = find_by_email_.integer(0);
  account.authenticator = find_by_email_.text(1);
  account.passwd_hash = find_by_email_.text(2);
  find_by_email_.reset();
  return account;
}

std::int64_t Accounts::create(std::string_view authenticator, std::optional<std::string_view> email, std::string_view passwd_hash,
                              std::string_view name, Time now) {
  insert_.run(authenticator, email, passwd_hash, name, to_ms(now));
  return database_.last_id();
}

}  // namespace mw::boinc
