#include "tcp/node/slot_shares.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace mw::tcp {

bool SlotShares::Side::awaits_first() const {
  const std::size_t slot = claim.first - std::size_t{1};
  return claim.first != 0 && slot < claim.slots.size() && claim.slots[slot].is_ready && !is_lent(slot);
}

bool SlotShares::is_lent(std::uint64_t master, std::uint32_t slot) const {
  const auto place = accounts_.find(master);
  return place != accounts_.end() && slot - 1 < place->second.lent.size() && place->second.lent[slot - 1] != 0;
}

std::vector<SlotChange> SlotShares::share(const std::vector<SlotClaim>& claims, Time now) {
  pass_time(now);
  std::vector<Side> sides = sides_of(claims);
  begin_wanting(sides);
  set_targets(sides);
  for (Side& side : sides) rest_broken(side);
  for (Side& side : sides) lend_again(side);
  while (lend_one(sides) || make_room(sides)) continue;
  for (Side& side : sides) make_room_for_first(side);
  while (lend_one(sides)) continue;
  for (Side& side : sides) side.account.held = side.lent + side.draining;
  return std::exchange(changes_, {});
}

void SlotShares::pass_time(Time now) {
  const Time passed = now - std::exchange(last_, now);
  for (auto& [master, account] : accounts_)
    if (account.wanted_some) account.used += passed * static_cast<std::int64_t>(account.held);
}

std::vector<SlotShares::Side> SlotShares::sides_of(const std::vector<SlotClaim>& claims) {
  std::erase_if(accounts_, [&](const auto& one) {
    return std::none_of(claims.begin(), claims.end(), [&](const SlotClaim& claim) { return claim.master == one.first; });
  });
  std::vector<Side> sides;
  const auto open = std::count_if(claims.begin(), claims.end(), [](const SlotClaim& claim) { return claim.is_open; });
  free_ = slots_;
  for (const SlotClaim& claim : claims) {
    Account& account = accounts_[claim.master];
    account.lent.resize(claim.slots.size());
    if (!claim.is_open) std::fill(account.lent.begin(), account.lent.end(), 0);
    Side& side = sides.emplace_back(Side{claim, account});
    side.is_alone = claim.is_open && open == 1;
    std::size_t ready = 0;
    for (std::size_t slot = 0; slot < claim.slots.size(); ++slot) {
      side.lent += side.is_lent(slot);
      side.draining += !side.is_lent(slot) && claim.slots[slot].holds_task;
      ready += claim.slots[slot].is_ready;
    }
    if (claim.is_open) side.wanted = side.is_alone ? claim.slots.size() : std::min<std::size_t>(claim.wanted, ready);
    free_ -= static_cast<std::int64_t>(side.lent + side.draining);
  }
  return sides;
}

/// Who wanted nothing for a while saves nothing by that.
void SlotShares::begin_wanting(std::vector<Side>& sides) {
  std::optional<Time> least;
  for (const Side& side : sides)
    if (side.wanted > 0 && side.account.wanted_some) least = std::min(least.value_or(Time::max()), side.account.used);
  for (Side& side : sides) {
    if (side.wanted > 0 && !side.account.wanted_some) side.account.used = std::max(side.account.used, least.value_or(Time{0}));
    side.account.wanted_some = side.wanted > 0;
  }
}

/// One for each that wants more, as long as there is one for each; of the rest, one for those that had the least. Who
/// has such a one keeps it for a turn.
void SlotShares::set_targets(std::vector<Side>& sides) {
  std::vector<Side*> open;
  for (Side& side : sides)
    if (side.wanted > 0) open.push_back(&side);
  std::size_t left = slots_;
  while (!open.empty() && left >= open.size()) {
    left -= open.size();
    for (Side* side : open) ++side->target;
    std::erase_if(open, [](const Side* side) { return side->target == side->wanted; });
  }
  goes_round_ = !open.empty() && left > 0;
  const auto weight = [this](const Side* side) { return side->account.used - (side->lent > side->target ? turn_ : Time{0}); };
  std::stable_sort(open.begin(), open.end(), [&](const Side* a, const Side* b) { return weight(a) < weight(b); });
  for (std::size_t i = 0; i < std::min(left, open.size()); ++i) ++open[i]->target;
}

/// A worker that died, and is not ready again, needs no slot.
void SlotShares::rest_broken(Side& side) {
  for (std::size_t slot = 0; slot < side.claim.slots.size() && !side.is_alone; ++slot)
    if (side.is_lent(slot) && !side.claim.slots[slot].is_ready && !side.claim.slots[slot].holds_task) rest(side, slot);
}

/// Where a task still runs, that costs nothing.
void SlotShares::lend_again(Side& side) {
  const bool awaits_first = side.awaits_first();
  for (std::size_t slot = 0; slot < side.claim.slots.size() && side.lacks(); ++slot) {
    if (side.is_lent(slot) || !side.claim.slots[slot].holds_task) continue;
    if (!awaits_first || slot + 1 == side.claim.first) lend(side, slot);
  }
}

/// None if it has none that could be.
std::size_t SlotShares::next_to_lend(const Side& side) {
  if (side.awaits_first() && side.may_be_lent(side.claim.first - std::size_t{1})) return side.claim.first - std::size_t{1};
  for (std::size_t slot = 0; slot < side.claim.slots.size(); ++slot)
    if (side.may_be_lent(slot)) return slot;
  return none;
}

/// One without a task, or the one that it has had for longest.
std::size_t SlotShares::next_to_rest(const Side& side) {
  std::size_t best = none;
  const auto weight = [&](std::size_t slot) { return std::pair{side.claim.slots[slot].holds_task, side.account.lent[slot]}; };
  for (std::size_t slot = 0; slot < side.claim.slots.size(); ++slot)
    if (side.is_lent(slot) && (best == none || weight(slot) < weight(best))) best = slot;
  return best;
}

bool SlotShares::lend_one(std::vector<Side>& sides) {
  if (free_ <= 0) return false;
  Side* best = nullptr;
  const auto weight = [](const Side& side) { return std::pair{side.lent, side.account.used}; };
  for (Side& side : sides)
    if (side.lacks() && next_to_lend(side) != none && (!best || weight(side) < weight(*best))) best = &side;
  if (best) lend(*best, next_to_lend(*best));
  return best != nullptr;
}

/// Takes one slot back if somebody lacks one: one without a task at once, another unless enough are about to be free.
bool SlotShares::make_room(std::vector<Side>& sides) {
  std::int64_t needed = -free_, draining = 0;
  Side* most = nullptr;
  const auto has_idle = [](const Side& side) { return !side.claim.slots[next_to_rest(side)].holds_task; };
  const auto weight = [&](const Side& side) { return std::pair{has_idle(side), side.lent - side.target}; };
  for (Side& side : sides) {
    draining += static_cast<std::int64_t>(side.draining);
    if (side.lacks() && next_to_lend(side) != none) needed += static_cast<std::int64_t>(side.target - side.lent);
    if (side.lent > side.target && (!most || weight(side) > weight(*most))) most = &side;
  }
  if (!most || needed <= (has_idle(*most) ? 0 : draining)) return false;
  rest(*most, next_to_rest(*most));
  return true;
}

/// It has its share, and not the slot that a task of its waits for.
void SlotShares::make_room_for_first(Side& side) {
  if (!side.awaits_first() || side.lacks() || side.lent == 0 || side.draining > 0 || side.is_alone) return;
  rest(side, next_to_rest(side));
}

void SlotShares::lend(Side& side, std::size_t slot) {
  if (side.claim.slots[slot].holds_task)
    --side.draining;
  else
    --free_;
  side.account.lent[slot] = ++last_change_;
  ++side.lent;
  changes_.push_back({side.claim.master, static_cast<std::uint32_t>(slot + 1), true});
}

void SlotShares::rest(Side& side, std::size_t slot) {
  if (side.claim.slots[slot].holds_task)
    ++side.draining;
  else
    ++free_;
  side.account.lent[slot] = 0;
  --side.lent;
  changes_.push_back({side.claim.master, static_cast<std::uint32_t>(slot + 1), false});
}

}  // namespace mw::tcp
