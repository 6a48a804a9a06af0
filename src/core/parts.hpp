// What a task has emitted and nobody has read yet.
//
// What:    PartList: the values in order, each with its attempt, and whether that has come to nothing since. All lists
//          of a master count into one number of bytes; what would be above its limit is not kept, nor is anything that
//          follows in that list, so what can be read has no gap.
// Owner:   a task's record has it.
// Threads: the loop adds, any thread takes.
// Use:
//     if (!parts.add(attempt, std::move(value), limit)) …      // the loop
//     while (auto part = parts.take()) …              // a user's thread
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <mw/emit.hpp>

namespace mw::detail {

/// Bytes of all parts of a master that nobody has read.
using UnreadBytes = std::shared_ptr<std::atomic<std::uint64_t>>;

class PartList {
 public:
  explicit PartList(UnreadBytes unread) : unread_{std::move(unread)} {}
  ~PartList() {
    for (const PartBytes& part : parts_) unread_->fetch_sub(cost_of(part.value));
  }
  PartList(const PartList&) = delete;
  PartList& operator=(const PartList&) = delete;

  /// False if it is the first one that is not kept.
  bool add(std::uint32_t attempt, Bytes value, std::uint64_t limit) {
    std::lock_guard lock{mutex_};
    const std::uint64_t cost = cost_of(value);
    if (dropped_ != 0 || unread_->load() + cost > limit) return dropped_++ != 0;
    unread_->fetch_add(cost);
    parts_.push_back({std::move(value), attempt, false});
    count_.fetch_add(1);  // for all threads before the loop looks whether somebody sleeps
    return true;
  }
  /// Those of this attempt have come to nothing.
  void fail(std::uint32_t attempt) {
    std::lock_guard lock{mutex_};
    for (PartBytes& part : parts_) part.has_failed = part.has_failed || part.attempt == attempt;
  }
  std::optional<PartBytes> take() {
    std::lock_guard lock{mutex_};
    if (parts_.empty()) return std::nullopt;
    PartBytes part = std::move(parts_.front());
    parts_.pop_front();
    count_.fetch_sub(1);
    unread_->fetch_sub(cost_of(part.value));
    return part;
  }
  /// How many are missing behind the last one.
  std::uint64_t dropped() {
    std::lock_guard lock{mutex_};
    return dropped_;
  }
  bool empty() const noexcept { return count_.load() == 0; }

 private:
  static std::uint64_t cost_of(const Bytes& value) noexcept { return value.size() + sizeof(PartBytes); }

  const UnreadBytes unread_;
  std::mutex mutex_;
  std::uint64_t dropped_ = 0;
  std::deque<PartBytes> parts_;
  std::atomic<std::uint64_t> count_{0};
};

}  // namespace mw::detail
