// Scheduler: long tasks that wait behind many short ones are begun in time.
//
// The last task to begin decides when all have ended. If it is a long one, all workers but one have nothing to do
// meanwhile. So a kind of long tasks goes before shorter ones as soon as it would need as long as all that waits does,
// shared by all workers; and not before, as those that were submitted first are awaited first. (Longest processing time
// first, Graham 1969, as late as possible.)
#include <algorithm>

#include "scheduler/scheduler.hpp"

namespace mw::scheduler {
namespace {

constexpr Time never = Time::min();

/// So many times as long as those in front of them are those that go early.
constexpr int long_ones = 2;

}  // namespace

bool Scheduler::was_begun(std::uint16_t kind) const noexcept { return kind < begun_.size() && begun_[kind] != never; }

void Scheduler::note_begin(std::uint16_t kind, Time now) {
  if (kind < measured_.size() && measured_[kind] != 0) return;
  if (kind >= begun_.size()) begun_.resize(kind + std::size_t{1}, never);
  if (begun_[kind] == never) begun_[kind] = now;
}

/// How long a task of this kind takes, as far as is known. Where none has ended, twice as long as the first one has run
/// so far: on average it has done half of what it will.
Time Scheduler::likely(std::uint16_t kind, Time now) const noexcept {
  if (const auto known = expected(kind)) return *known;
  return was_begun(kind) ? 2 * std::max(now - begun_[kind], Time{0}) : Time{0};
}

/// The task that is to go before the one in front of this queue, which so many slots are for; null if there is none.
Item* Scheduler::due_early(Queues& queue, std::uint64_t slots, Time now) const {
  const auto& kinds = queue.kinds();
  if (kinds.size() < 2 || slots < 2) return nullptr;
  const std::uint16_t front = queue.front()->kind;
  const double shortest = long_ones * static_cast<double>(likely(front, now).count());
  double all = 0;
  for (const WaitingKind& one : kinds) all += static_cast<double>(one.count) * static_cast<double>(likely(one.kind, now).count());
  const WaitingKind* longest = nullptr;
  double length = 0;
  for (const WaitingKind& one : kinds) {
    if (one.kind == front) continue;
    if (!expected(one.kind) && !was_begun(one.kind)) return queue.first_of(one.kind);
    const double each = static_cast<double>(likely(one.kind, now).count());
    const auto rounds = static_cast<double>((one.count + slots - 1) / slots);
    if (each <= std::max(shortest, length) || rounds * each * static_cast<double>(slots) < all) continue;
    length = each;
    longest = &one;
  }
  return longest ? queue.first_of(longest->kind) : nullptr;
}

}  // namespace mw::scheduler
