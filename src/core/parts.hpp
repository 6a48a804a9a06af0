// What a task has emitted and nobody has read yet.
//
// What:    PartList: the values in order, each with its attempt, and whether that has come to nothing since.
// Owner:   a task's record has it.
// Threads: the loop adds, any thread takes.
// Use:
//     parts.add(attempt, std::move(value));           // the loop
//     while (auto part = parts.take()) …              // a user's thread
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include <mw/emit.hpp>

namespace mw::detail {

class PartList {
 public:
  void add(std::uint32_t attempt, Bytes value) {
    std::lock_guard lock{mutex_};
    parts_.push_back({std::move(value), attempt, false});
    count_.fetch_add(1);  // for all threads before the loop looks whether somebody sleeps
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
    return part;
  }
  bool empty() const noexcept { return count_.load() == 0; }

 private:
  std::mutex mutex_;
  std::deque<PartBytes> parts_;
  std::atomic<std::uint64_t> count_{0};
};

}  // namespace mw::detail
