// What hosts have shown so far, and what they get for it.
//
// What:    keeps each host's record, and one more for all newcomers of a voter (see voter.hpp): a host that is on
//          probation answers for what others on probation in its place did, so that nobody gains by coming again under
//          another name.
// Owner:   refers to the settings, hosts and accounts; the newcomers' records live as long as the server.
// Threads: the server's; inside a transaction.
// Use:
//     if (reputation.gets_work(host, now)) …
//     reputation.failed(host, Fault::error, now);  reputation.ended_well(host, credit, now);
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "boinc/policy/trust.hpp"
#include "boinc/policy/voter.hpp"
#include "boinc/server/settings.hpp"
#include "boinc/store/accounts.hpp"
#include "boinc/store/hosts.hpp"

namespace mw::boinc {

class Reputation {
 public:
  Reputation(const Settings& settings, Hosts& hosts, Accounts& accounts)
      : settings_{settings}, hosts_{hosts}, accounts_{accounts} {}

  /// Hosts of this account are the project's own: there is no probation for them and no quarantine, in which a run of a
  /// few processes on one machine would stand still for minutes after some crashes; and each has a vote.
  void set_own_account(std::int64_t user) noexcept { own_account_ = user; }
  bool is_own(const Host& host) const noexcept { return host.user == own_account_; }

  std::string voter(const Host& host) const { return voter_of(settings_.one_vote, {host.id, host.user, host.range, is_own(host)}); }
  bool is_on_probation(const Host& host) const noexcept { return !is_own(host) && host.record.is_on_probation(); }
  bool gets_work(const Host& host, Time now) const;
  std::int64_t most_in_progress(const Host& host) const noexcept {
    return is_own(host) ? HostRecord::most_workunits : host.record.most_in_progress();
  }

  void failed(Host& host, Fault fault, Time now);
  void ended_well(Host& host, double credit, Time now);

 private:
  const Settings& settings_;
  Hosts& hosts_;
  Accounts& accounts_;
  std::int64_t own_account_ = 0;
  std::unordered_map<std::string, HostRecord> newcomers_;  ///< by voter
};

}  // namespace mw::boinc
