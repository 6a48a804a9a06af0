#include "boinc/server/reputation.hpp"

namespace mw::boinc {
namespace {

constexpr std::size_t most_newcomers = 100'000;  // voters of which a record is kept; then those in good standing are dropped

}  // namespace

bool Reputation::gets_work(const Host& host, Time now) const {
  if (is_own(host)) return true;
  if (host.record.is_quarantined(now)) return false;
  if (!is_on_probation(host)) return true;
  const auto newcomers = newcomers_.find(voter(host));
  return newcomers == newcomers_.end() || !newcomers->second.is_quarantined(now);
}

void Reputation::failed(Host& host, Fault fault, Time now) {
  if (is_on_probation(host)) {
    if (newcomers_.size() >= most_newcomers)
      std::erase_if(newcomers_, [&](const auto& one) { return !one.second.is_quarantined(now); });
    newcomers_[voter(host)].failed(now, fault);
  }
  host.record.failed(now, fault);
  hosts_.write(host);
}

void Reputation::ended_well(Host& host, double credit, Time now) {
  if (is_on_probation(host))
    if (const auto newcomers = newcomers_.find(voter(host)); newcomers != newcomers_.end()) newcomers->second.ended_well();
  host.record.ended_well();
  host.credit.grant(credit, now);
  accounts_.note_credit(host.user, credit, now);
  hosts_.write(host);
}

}  // namespace mw::boinc
