// Finished tasks on their way to the user's threads.
//
// What:    the loop publishes finished records on a lock-free stack; a user's thread drains it, under a mutex that only
//          user threads share, into lists in order of completion: one for all tasks, and one for each group that asks
//          for some.
// Owner:   holds one reference to each record from publish() until it is handed out.
// Threads: publish() and wake() for the loop; all else for any user thread.
// Use:
//     completions.publish(std::move(record));  completions.wake();       // loop, after a batch
//     completions.wait(record);                                          // user
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <mw/error.hpp>
#include <mw/timeout.hpp>

#include "core/record.hpp"
#include "master/item_stack.hpp"
#include "master/loop.hpp"
#include "process/cache_line.hpp"

namespace mw::detail {

/// Records of which somebody wants to hear as they are done: as_completed() and map().
class CompletionGroup {
 public:
  /// The next one that is done, with its place in the group.
  struct Entry {
    RecordPtr record;
    std::size_t index = 0;
  };
  /// A member that is a chunk of map(), by its place, and how many of its inputs it has from now on.
  struct Split {
    std::size_t index = 0;
    std::uint32_t kept = 0;
  };

 private:
  friend class Completions;
  std::deque<Entry> done_;   ///< under the mutex of the Completions, as all of this
  std::size_t waiting_ = 0;  ///< members that are not done
  std::deque<Split> splits_;
};

class Completions {
 public:
  /// A thread that waits drives `loop` meanwhile, if there is one and nobody else does.
  explicit Completions(Loop* loop = nullptr) : loop_{loop} {}
  ~Completions();

  /// A task more that will be done some day.
  void expect_one() noexcept { open_.fetch_add(1); }

  /// The record, whose state says done, may be handed out.
  void publish(RecordPtr record) noexcept;
  /// Wakes those that wait, if any.
  void wake();

  /// Who waits for what is not done gets an InterfaceError with this text, from now on; empty: no more.
  void fail(std::string why);
  /// The same for good, with this error.
  void stop(const Stopped& why);
  /// Throws that error after stop().
  void refuse_after_stop() const;

  // The waiting ones below throw that error if what they wait for is not done; `in_time` is false when the deadline
  // came first. A deadline in the past does not wait.
  /// Waits until as many records were published as `submitted` says; false if the deadline came first.
  bool wait_for_all(const std::atomic<std::uint64_t>& submitted, const Deadline& deadline);
  /// Waits until the record is done, and counts it as handed out; false if the deadline came first.
  bool wait(TaskRecord& record, const Deadline& deadline = {});
  /// Waits until the record has a part that nobody has read, or is done; false if the deadline came first.
  bool wait_for_part(TaskRecord& record, const Deadline& deadline);
  struct Next {
    RecordPtr record;
    bool in_time = true;
  };
  /// Waits for the next one of all; empty if nothing is left to be handed out. A cancelled one that nobody refers to is
  /// passed over.
  Next wait_for_next(const Deadline& deadline = {});
  struct Any {
    std::optional<std::size_t> index;
    bool in_time = true;
  };
  /// Waits for the first of these, by completion, that was not handed out, and returns its index; empty if all were.
  Any wait_for_any(std::span<TaskRecord* const> records, const Deadline& deadline = {});

  /// The first one that ended with an error and was not handed out, which counts as handed out then; empty if there is
  /// none.
  RecordPtr take_error();
  /// Looks at what was published: what was cancelled and nobody refers to any more is forgotten.
  void tidy();

  /// What is kept because it was not handed out.
  struct Kept {
    std::uint64_t tasks = 0;
    std::uint64_t errors = 0;  ///< of them
    RecordPtr first_error;
  };
  Kept kept(bool with_errors);
  /// All of what is kept, oldest first.
  std::vector<RecordPtr> all_kept();

  /// Puts the record into the group as number `index`; one that is done comes at once. A record can be in one group at
  /// a time: false if it is in another.
  bool join(CompletionGroup& group, const RecordPtr& record, std::size_t index);
  /// Waits for the next member that is done, and counts it as handed out; an empty record when all have come. Throws
  /// TimeoutError if the deadline comes first.
  CompletionGroup::Entry wait_for_next(CompletionGroup& group, const Deadline& deadline = {});
  /// The same without waiting; empty, too, when none is done now.
  CompletionGroup::Entry try_next(CompletionGroup& group);
  /// Waits until there is something for take_split() or try_next(); false if the deadline came first. Throws Error if
  /// no member is on its way: whoever asked again and again would never hear of it.
  bool wait(CompletionGroup& group, const Deadline& deadline);
  /// The next member that was split; never waits. Before what try_next() has of it.
  std::optional<CompletionGroup::Split> take_split(CompletionGroup& group);
  /// For the loop: tells its group, if it has one.
  void split(const TaskRecord& record, std::uint32_t kept);
  /// Takes these records out of the group, which may go then.
  void leave(CompletionGroup& group, std::span<const RecordPtr> records);

 private:
  void drain();                       ///< mutex held
  void hand_out(TaskRecord& record);  ///< mutex held
  void list(TaskRecord& record);      ///< mutex held; takes over a reference
  void forget_cancelled();            ///< mutex held
  bool is_forgotten(const TaskRecord& record) const noexcept;
  void forget(TaskRecord& record);
  CompletionGroup::Entry take_from(CompletionGroup& group);
  bool is_hopeless() const noexcept { return stopped_ || !failure_.empty(); }  ///< mutex held
  [[noreturn]] void throw_failure() const;                                     ///< mutex held
  /// Returns true when `ready()` is, with the lock held; it is called with the lock held. False if the deadline came
  /// first. Throws InterfaceError, or Stopped.
  template <class Ready>
  bool sleep_until(std::unique_lock<std::mutex>& lock, const Deadline& deadline, const Ready& ready);

  Loop* const loop_;
  alignas(process::cache_line) ItemStack published_;                 ///< the loop's end
  alignas(process::cache_line) std::atomic<std::uint64_t> open_{0};  ///< submitted and not handed out
  std::atomic<std::uint32_t> sleepers_{0};
  std::atomic<bool> has_stopped_{false};
  mutable std::mutex mutex_;
  std::condition_variable woken_;
  scheduler::ItemList ready_;             ///< oldest first
  std::string failure_;                   ///< why nothing more can be done; empty while it can
  std::optional<Stopped> stopped_;        ///< what is thrown in its place
  std::uint64_t changes_ = 0;             ///< records that came or were handed out
  std::uint64_t published_count_ = 0;     ///< records that came
  std::size_t cancelled_ = 0;             ///< records in ready_ that were cancelled
  std::size_t look_at_cancelled_at_ = 0;  ///< when cancelled_ reaches this, those are forgotten that nobody refers to
};

}  // namespace mw::detail
