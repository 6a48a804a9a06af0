#include "pool/roster.hpp"

#include <algorithm>

namespace mw::pool {

bool Roster::leave(std::size_t member, WorkerId worker) {
  std::lock_guard lock{mutex_};
  if (members_[member].has_failed) return false;
  members_[member].there.erase(worker);
  return true;
}

std::optional<std::size_t> Roster::look_again(std::size_t number) {
  std::lock_guard lock{mutex_};
  for (const auto& [worker, member] : joined_) {
    if (index_of(worker) >= members_by_worker_.size()) members_by_worker_.resize(index_of(worker) + std::size_t{1}, nobody);
    members_by_worker_[index_of(worker)] = member;
  }
  joined_.clear();
  if (number >= members_by_worker_.size() || members_by_worker_[number] == nobody) return std::nullopt;
  return members_by_worker_[number];
}

/// With the lock.
Outlook Roster::outlook() const {
  if (std::all_of(members_.begin(), members_.end(), [](const Member& one) { return one.has_failed; })) return Outlook::failed;
  const bool can_go_on =
      std::any_of(members_.begin(), members_.end(), [](const Member& one) { return !one.has_failed && !one.no_worker; });
  return can_go_on ? Outlook::goes_on : Outlook::no_worker;
}

Outlook Roster::no_worker(std::size_t member, std::string why) {
  std::lock_guard lock{mutex_};
  if (has_ended_ || members_[member].has_failed) return Outlook::unchanged;
  members_[member].no_worker = why.empty() ? "it does not say why" : std::move(why);
  return outlook();
}

Outlook Roster::fail(std::size_t member, std::string why, std::vector<WorkerId>& lost) {
  std::lock_guard lock{mutex_};
  Member& one = members_[member];
  if (has_ended_ || one.has_failed) return Outlook::unchanged;
  one.has_failed = true;
  one.failure = why.empty() ? "it does not say why" : std::move(why);
  for (auto& [worker, entry] : one.there) {
    lost.push_back(worker);
    one.lost.push_back(
        {.name = std::move(entry.first), .host = std::move(entry.second), .state = WorkerState::lost, .note = one.failure});
  }
  one.there.clear();
  return outlook();
}

void Roster::end() {
  std::lock_guard lock{mutex_};
  has_ended_ = true;
}

std::string Roster::failure(std::size_t member) const {
  std::lock_guard lock{mutex_};
  return members_[member].failure;
}

std::string Roster::absence(std::size_t member) const {
  std::lock_guard lock{mutex_};
  return members_[member].no_worker.value_or("");
}

std::vector<WorkerReport> Roster::reports(std::size_t member) const {
  std::lock_guard lock{mutex_};
  return members_[member].lost;
}

}  // namespace mw::pool
