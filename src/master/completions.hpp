// The tasks that are done and not yet handed out: where the loop meets the user's threads.
//
// What:    the loop publishes finished records on a lock-free stack; a user's thread drains it, under a mutex that only user
//          threads share, into a list in order of completion.
// Owner:   holds one reference to each record from publish() until it is handed out.
// Threads: publish() and wake() for the loop; all else for any user thread.
// Use:
//     completions.publish(std::move(record));  completions.wake();       // loop, after a batch
//     completions.wait(record);                                          // user
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>

#include "master/item_stack.hpp"
#include "master/record.hpp"

namespace mw::detail {

class Completions {
 public:
  ~Completions();

  /// A task more that will be done some day.
  void expect_one() noexcept { open_.fetch_add(1); }

  /// The record, whose state says done, may be handed out.
  void publish(RecordPtr record) noexcept;
  /// Wakes those that wait, if any.
  void wake();

  /// Waits until the record is done, and counts it as handed out.
  void wait(TaskRecord& record);
  /// Whether the record is done; if so it counts as handed out.
  bool try_take(TaskRecord& record);
  /// Waits for the next one of all; empty if nothing is left to be handed out.
  RecordPtr wait_for_next();
  /// Waits for the first of these, by completion, that was not handed out, and returns its index; empty if all were.
  std::optional<std::size_t> wait_for_any(std::span<TaskRecord* const> records);

 private:
  void drain();                       ///< mutex held
  void hand_out(TaskRecord& record);  ///< mutex held
  template <class Ready>
  void sleep_until(std::unique_lock<std::mutex>& lock, const Ready& ready);

  ItemStack published_;
  std::atomic<std::uint64_t> open_{0};  ///< submitted and not handed out
  std::atomic<std::uint32_t> sleepers_{0};
  std::mutex mutex_;
  std::condition_variable woken_;
  scheduler::ItemList ready_;  ///< oldest first
};

}  // namespace mw::detail
