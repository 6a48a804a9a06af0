// Tasks in the order in which they are done.
//
// What:    Master::as_completed(tasks): a range of Completed, one for each task of the list, each in constant time.
// Owner:   the range keeps its tasks; it must not outlive the master.
// Threads: one at a time. A task can be in one such range at a time.
// Use:
//     for (auto& done : master.as_completed(tasks)) {
//       if (done.task.state() == mw::TaskState::error) continue;      // result() would throw its TaskError
//       use(done.index, done.result());
//     }
#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <span>

#include <mw/detail/task_group.hpp>
#include <mw/task.hpp>

namespace mw {

/// A task that is done, with its index in the list, from 0. result() decodes it anew each time.
template <class R>
struct Completed {
  Task<R> task;
  std::size_t index = 0;
  /// Throws TaskError if the task has no result.
  R result() const { return detail::decode_result<R>(*task.record()); }
};

/// The range; to be gone through once.
template <class R>
class AsCompleted {
 public:
  /// An input iterator. `++` waits for the next task; it throws TimeoutError if the time that was given for all of them
  /// is over, and InterfaceError if the interface has failed.
  class iterator {
   public:
    using value_type = Completed<R>;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    iterator() = default;
    explicit iterator(AsCompleted& range) : range_{&range} {}
    value_type& operator*() const { return *range_->current_; }
    value_type* operator->() const { return &*range_->current_; }
    iterator& operator++() {
      range_->advance();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !range_->current_; }

   private:
    AsCompleted* range_ = nullptr;
  };

  /// Internal: see Master::as_completed().
  AsCompleted(detail::MasterCore& core, std::span<const Task<R>> tasks, const detail::Deadline& deadline)
      : group_{core}, deadline_{deadline} {
    for (std::size_t i = 0; i < tasks.size(); ++i) group_.join(tasks[i].record(), i);
  }

  /// Waits for the first task. To be called once. Throws as `++`.
  iterator begin() {
    advance();
    return iterator{*this};
  }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  void advance() {
    auto next = group_.next(deadline_);
    current_.reset();
    if (next) current_.emplace(Completed<R>{Task<R>{std::move(next->record)}, next->index});
  }

  detail::TaskGroup group_;
  detail::Deadline deadline_;
  std::optional<Completed<R>> current_;
};

}  // namespace mw
