// Scheduler: tasks that take too long where they are, while another worker has nothing to do.
//
// A worker may have become slow since it was given its task: its machine is busy with something else, is suspended, or
// swaps. Nobody can tell that from a task that takes longer than others of its kind; but when no task waits, a second
// attempt at it costs nothing that anybody else needs. (Backup tasks: Dean and Ghemawat, MapReduce, 2004; by the time
// that is left rather than by what is done: Zaharia et al., LATE, 2008.)
#include <algorithm>

#include "scheduler/scheduler.hpp"

namespace mw::scheduler {
namespace {

/// Less than that is not worth a second attempt.
constexpr Time least_gain = std::chrono::milliseconds{300};
/// So many tasks of a kind tell how long such tasks take.
constexpr std::uint8_t enough_for_copies = 3;

}  // namespace

/// When the worker will have taken so long for the task that it runs that a copy of it is likely to end first; empty if
/// there is to be no copy of it.
std::optional<Time> Scheduler::copy_due(const Worker& worker) const {
  const Item* const item = worker.items.front();
  if (!item || worker.capacity.slots != 1 || worker.held != 0 || !may_copy_(*item) || lanes_.terms_of(*item).name)
    return std::nullopt;
  if (item->kind >= measured_.size() || measured_[item->kind] < enough_for_copies) return std::nullopt;
  const Time each = *expected(item->kind), copy_takes = each + each / 2 + 8 * worker.capacity.round_trip;
  const Time here = time_at(worker, item->kind);
  // Of one that is known to be slow it is known how long it will take. Any other is likely to need as long again as it
  // has taken so far, once that is twice as long as expected.
  if (here - std::max(copy_takes, least_gain) > Time{0} && here > each) return worker.last_event;
  return worker.last_event + std::max({2 * here, copy_takes, least_gain});
}

/// A worker with nothing to do that has what this task needs; null if there is none.
const Scheduler::Worker* Scheduler::idle_for(const Item& item) const {
  const NeedsClass needs = lanes_.terms_of(item).needs;
  for (const Rooms* rooms : {&rooms_, &special_rooms_}) {
    if (rooms->empty()) continue;
    for (const Worker* worker : rooms->front())
      if (!is_slow(*worker) && worker->is_far() && has(*worker, needs)) return worker;
  }
  return nullptr;
}

std::optional<Assignment> Scheduler::straggler(Time now) {
  next_copy_.reset();
  if (!may_copy_ || far_count_ == 0 || queued_count() != 0) return std::nullopt;
  if (busy_count_ == 0 || busy_count_ == workers_.size()) return std::nullopt;  // nobody is idle, or all are
  const Worker *longest = nullptr, *idle = nullptr;
  for (const auto& [id, worker] : workers_) {
    const auto due = copy_due(worker);
    if (!due || (longest && worker.last_event >= longest->last_event && *due <= now)) continue;
    const Worker* const other = idle_for(*worker.items.front());
    if (!other) continue;
    if (*due > now) {
      next_copy_ = next_copy_ ? std::min(*next_copy_, *due) : *due;
      continue;
    }
    longest = &worker;
    idle = other;
  }
  if (!longest) return std::nullopt;
  return Assignment{longest->items.front(), idle->id};
}

void Scheduler::place(Item& item, WorkerId worker, Time now) { put(item, workers_.at(index_of(worker)), now); }

}  // namespace mw::scheduler
