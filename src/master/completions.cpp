#include "master/completions.hpp"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

namespace mw::detail {
namespace {

using Clock = std::chrono::steady_clock;

/// Of those who only look.
constexpr Clock::time_point no_wait = Clock::time_point::min();

bool is_over(const Deadline& deadline) { return deadline && (*deadline == no_wait || Clock::now() >= *deadline); }

}  // namespace

Completions::~Completions() {
  std::lock_guard lock{mutex_};
  drain();
  while (scheduler::Item* item = ready_.front()) {
    ready_.remove(*item);
    intrusive_ptr_release(&record_of(*item));
  }
}

void Completions::publish(RecordPtr record) noexcept { published_.push(*record.detach()); }

void Completions::wake() {
  // A sleeper first counts itself, then looks; we publish first, then look at the count: one of the two sees the other.
  if (sleepers_.load() == 0) return;
  std::lock_guard lock{mutex_};
  woken_.notify_all();
}

void Completions::fail(std::string why) {
  std::lock_guard lock{mutex_};
  failure_ = std::move(why);
  woken_.notify_all();
}

void Completions::stop(const Stopped& why) {
  std::lock_guard lock{mutex_};
  stopped_.emplace(why);
  has_stopped_ = true;
  woken_.notify_all();
}

void Completions::refuse_after_stop() const {
  if (!has_stopped_.load(std::memory_order_relaxed)) return;
  std::lock_guard lock{mutex_};
  throw_failure();
}

void Completions::throw_failure() const {
  if (stopped_) throw Stopped{*stopped_};
  throw InterfaceError{failure_};
}

void Completions::drain() {
  scheduler::Item* oldest_first = published_.take_all();
  while (oldest_first) {
    TaskRecord& record = record_of(*oldest_first);
    oldest_first = oldest_first->next;
    record.next = record.previous = nullptr;
    record.drained = true;
    ++changes_;
    ++published_count_;
    if (CompletionGroup* group = record.group) {
      --group->waiting_;
      group->done_.push_back({RecordPtr{&record}, record.group_index});
      record.group = nullptr;
    }
    if (record.handed_out)
      intrusive_ptr_release(&record);
    else
      list(record);
  }
  if (cancelled_ >= look_at_cancelled_at_) forget_cancelled();
}

void Completions::list(TaskRecord& record) {
  record.listed = true;
  ready_.push_back(record);
  if (record.state.load(std::memory_order_relaxed) == TaskState::cancelled) ++cancelled_;
}

/// Whether it was cancelled and no handle is left, nor a worker that still has it: whoever cancels and drops the handle
/// asks no more.
bool Completions::is_forgotten(const TaskRecord& record) const noexcept {
  return record.state.load(std::memory_order_relaxed) == TaskState::cancelled &&
         record.references.load(std::memory_order_acquire) == 1;
}

void Completions::forget(TaskRecord& record) {
  open_.fetch_sub(1);
  ++changes_;
  --cancelled_;
  ready_.remove(record);
  intrusive_ptr_release(&record);
}

/// Goes through the list when so many have come that it costs each of them little.
void Completions::forget_cancelled() {
  if (cancelled_ != 0) {
    for (scheduler::Item* item = ready_.front(); item;) {
      TaskRecord& record = record_of(*item);
      item = item->next;
      if (is_forgotten(record)) forget(record);
    }
    if (sleepers_.load() != 0) woken_.notify_all();
  }
  look_at_cancelled_at_ = cancelled_ + std::max<std::size_t>(64, ready_.size() / 2);
}

void Completions::tidy() {
  std::lock_guard lock{mutex_};
  drain();
}

Completions::Kept Completions::kept(bool with_errors) {
  std::lock_guard lock{mutex_};
  drain();
  Kept kept{ready_.size(), 0, {}};
  for (scheduler::Item* item = with_errors ? ready_.front() : nullptr; item; item = item->next) {
    TaskRecord& record = record_of(*item);
    if (record.state.load(std::memory_order_relaxed) != TaskState::error) continue;
    if (++kept.errors == 1) kept.first_error = RecordPtr{&record};
  }
  return kept;
}

std::vector<RecordPtr> Completions::all_kept() {
  std::lock_guard lock{mutex_};
  drain();
  std::vector<RecordPtr> all;
  all.reserve(ready_.size());
  for (scheduler::Item* item = ready_.front(); item; item = item->next) all.emplace_back(&record_of(*item));
  return all;
}

void Completions::hand_out(TaskRecord& record) {
  if (!record.handed_out) open_.fetch_sub(1);
  record.handed_out = true;
  ++changes_;
  if (record.listed) {
    record.listed = false;
    if (record.state.load(std::memory_order_relaxed) == TaskState::cancelled) --cancelled_;
    ready_.remove(record);
    intrusive_ptr_release(&record);
  }
  // Someone may wait for "the next of all" when there is none any more.
  if (sleepers_.load() != 0) woken_.notify_all();
}

template <class Ready>
bool Completions::sleep_until(std::unique_lock<std::mutex>& lock, const Deadline& deadline, const Ready& ready) {
  struct Locked final : Condition {
    Locked(Completions& o, const Ready& r) : owner{o}, is_ready{r} {}
    bool is_met() override {
      std::lock_guard locked{owner.mutex_};
      return is_ready() || owner.is_hopeless();
    }
    Completions& owner;
    const Ready& is_ready;
  };
  while (!ready()) {
    if (is_hopeless()) throw_failure();
    if (is_over(deadline)) return false;
    if (loop_ && loop_->is_here())
      throw UsageError{
          "get_result was called on the master's own loop (in scheduler_func, or by an interface): it would wait for ever"};
    if (loop_) {
      lock.unlock();
      Locked condition{*this, ready};
      const bool drove = loop_->drive(condition, deadline);
      lock.lock();
      if (drove) {
        if (sleepers_.load() != 0) loop_->wake_thread();  // they counted on this thread
        continue;
      }
    }
    sleepers_.fetch_add(1);
    while (!ready() && !is_hopeless()) {
      if (!deadline)
        woken_.wait(lock);
      else if (woken_.wait_until(lock, *deadline) == std::cv_status::timeout)
        break;
    }
    sleepers_.fetch_sub(1);
  }
  return true;
}

bool Completions::wait_for_all(const std::atomic<std::uint64_t>& submitted, const Deadline& deadline) {
  std::unique_lock lock{mutex_};
  return sleep_until(lock, deadline, [&] {
    drain();
    return published_count_ >= submitted.load();
  });
}

RecordPtr Completions::take_error() {
  std::lock_guard lock{mutex_};
  drain();
  for (scheduler::Item* item = ready_.front(); item; item = item->next) {
    if (record_of(*item).state.load(std::memory_order_relaxed) != TaskState::error) continue;
    RecordPtr record = RecordPtr{&record_of(*item)};
    hand_out(*record);
    return record;
  }
  return {};
}

bool Completions::wait(TaskRecord& record, const Deadline& deadline) {
  if (deadline == no_wait && !is_done(record.state.load(std::memory_order_acquire))) {  // without the lock
    refuse_after_stop();
    return false;
  }
  std::unique_lock lock{mutex_};
  if (!sleep_until(lock, deadline, [&] { return is_done(record.state.load()); })) return false;
  drain();
  hand_out(record);
  return true;
}

bool Completions::wait_for_part(TaskRecord& record, const Deadline& deadline) {
  std::unique_lock lock{mutex_};
  return sleep_until(lock, deadline, [&] {
    const PartList* const parts = record.find_parts();
    return (parts && !parts->empty()) || is_done(record.state.load());
  });
}

Completions::Next Completions::wait_for_next(const Deadline& deadline) {
  std::unique_lock lock{mutex_};
  const bool in_time = sleep_until(lock, deadline, [&] {
    drain();
    while (!ready_.empty() && is_forgotten(record_of(*ready_.front()))) forget(record_of(*ready_.front()));
    return !ready_.empty() || open_.load() == 0;
  });
  if (!in_time || ready_.empty()) return {{}, in_time};
  RecordPtr record = RecordPtr{&record_of(*ready_.front())};
  hand_out(*record);
  return {std::move(record)};
}

Completions::Any Completions::wait_for_any(std::span<TaskRecord* const> records, const Deadline& deadline) {
  std::unordered_map<const TaskRecord*, std::size_t> index_of;
  for (std::size_t i = 0; i < records.size(); ++i) index_of.try_emplace(records[i], i);
  std::unique_lock lock{mutex_};
  std::optional<std::size_t> found;
  drain();
  std::uint64_t seen = changes_ - 1;
  bool over = false;
  const bool in_time = sleep_until(lock, deadline, [&] {
    drain();
    if (over || seen == changes_) return over;
    seen = changes_;
    bool any_open = false;
    for (const TaskRecord* record : records) any_open = any_open || !record->handed_out;
    if (!any_open) return over = true;
    for (scheduler::Item* item = ready_.front(); item && !found; item = item->next)
      if (auto place = index_of.find(&record_of(*item)); place != index_of.end()) found = place->second;
    return over = found.has_value();
  });
  if (found) hand_out(*records[*found]);
  return {found, in_time};
}

bool Completions::join(CompletionGroup& group, const RecordPtr& record, std::size_t index) {
  std::lock_guard lock{mutex_};
  drain();
  if (record->group) return false;
  if (record->drained) {
    group.done_.push_back({record, index});
    return true;
  }
  record->group = &group;
  record->group_index = static_cast<std::uint32_t>(index);
  ++group.waiting_;
  return true;
}

CompletionGroup::Entry Completions::take_from(CompletionGroup& group) {
  if (group.done_.empty()) return {};
  CompletionGroup::Entry entry = std::move(group.done_.front());
  group.done_.pop_front();
  hand_out(*entry.record);
  return entry;
}

CompletionGroup::Entry Completions::wait_for_next(CompletionGroup& group, const Deadline& deadline) {
  std::unique_lock lock{mutex_};
  const bool in_time = sleep_until(lock, deadline, [&] {
    drain();
    return !group.done_.empty() || group.waiting_ == 0;
  });
  if (!in_time) throw TimeoutError{fmt::format("{} of these tasks are not done in the time given", group.waiting_)};
  return take_from(group);
}

CompletionGroup::Entry Completions::try_next(CompletionGroup& group) {
  std::lock_guard lock{mutex_};
  drain();
  return take_from(group);
}

bool Completions::wait(CompletionGroup& group, const Deadline& deadline) {
  std::unique_lock lock{mutex_};
  const bool in_time = sleep_until(lock, deadline, [&] {
    drain();
    return !group.done_.empty() || !group.splits_.empty() || group.waiting_ == 0;
  });
  if (in_time && group.done_.empty() && group.splits_.empty())
    throw Error{"tasks of a list are waited for, and none of them is on its way: that is an error of CppMW"};
  return in_time;
}

std::optional<CompletionGroup::Split> Completions::take_split(CompletionGroup& group) {
  std::lock_guard lock{mutex_};
  if (group.splits_.empty()) return std::nullopt;
  const CompletionGroup::Split split = group.splits_.front();
  group.splits_.pop_front();
  return split;
}

void Completions::split(const TaskRecord& record, std::uint32_t kept) {
  std::lock_guard lock{mutex_};
  if (!record.group) return;
  record.group->splits_.push_back({record.group_index, kept});
  if (sleepers_.load() != 0) woken_.notify_all();
}

void Completions::leave(CompletionGroup& group, std::span<const RecordPtr> records) {
  std::lock_guard lock{mutex_};
  drain();
  for (const RecordPtr& record : records)
    if (record && record->group == &group) record->group = nullptr;
  group.done_.clear();
  group.splits_.clear();
  group.waiting_ = 0;
}

}  // namespace mw::detail
