// The tasks that a worker holds.
//
// What:    a worker runs its tasks in the order in which they were sent, and keeps each in a place that has a number.
//          The window knows which of them are on their way or there (in flight), of which the first one runs; which
//          wait here until there is a place; which have ended for their master and are to be stopped as soon as they
//          are known to have begun (unwanted); and who is to blame when the worker dies. Whether a task has begun is
//          the claim page's business: `claim(number)` is true if it had not, and then never will.
// Owner:   holds the tasks. A Task has id() and attempt(), and is cheap to copy.
// Threads: one at a time.
// Use:
//     window.hold(task);
//     while (auto* one = window.put_next()) send(one->task, one->number);
//     const TaskRef done = window.finish(id, attempt);                       // throws wire::ProtocolError
//     if (auto culprit = window.blame(claim, end.broke_down())) lost(*culprit);
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "wire/frame.hpp"

namespace mw::link {

template <class Task>
class Window {
 public:
  struct Entry {
    Task task;
    std::uint64_t number;      ///< of its place
    bool is_unwanted = false;  ///< to be ended as soon as it is known to have begun
    bool is_asked_back = false;
  };

  /// As many tasks at a time, those included that are over while an older one is not.
  explicit Window(std::uint64_t places) : places_{places} {}
  void set_places(std::uint64_t places) noexcept { places_ = places; }

  /// Nothing is in flight.
  bool is_empty() const noexcept { return in_flight_.empty(); }
  /// The one that the worker runs, unless it is on its way. Not of an empty window.
  const Task& front() const noexcept { return in_flight_.front().task; }
  std::size_t size() const noexcept { return in_flight_.size(); }

  /// It goes when there is a place.
  void hold(Task task) { held_.push_back(std::move(task)); }
  /// The next one that was held, in flight now; null if there is none, or no place.
  const Entry* put_next() {
    if (held_.empty() || is_full()) return nullptr;
    in_flight_.push_back({std::move(held_.front()), next_number_++});
    held_.pop_front();
    return &in_flight_.back();
  }
  /// In flight at once. Throws wire::ProtocolError if there is no place.
  const Entry& put(Task task) {
    if (is_full()) throw wire::ProtocolError{"more tasks than the worker said it takes"};
    in_flight_.push_back({std::move(task), next_number_++});
    return in_flight_.back();
  }

  /// Null if it is not in flight.
  Entry* find(std::uint64_t id, std::uint32_t attempt) noexcept {
    const auto place = std::find_if(in_flight_.rbegin(), in_flight_.rend(), is(id, attempt));
    return place == in_flight_.rend() ? nullptr : &*place;
  }
  Entry* find(const Task& task) noexcept { return find(task.id(), task.attempt()); }
  bool is_front(const Entry& entry) const noexcept { return &entry == &in_flight_.front(); }
  /// True if it had not gone out: it never will.
  bool drop_held(const Task& task) {
    const auto is_it = is(task.id(), task.attempt());
    const auto place = std::find_if(held_.begin(), held_.end(), [&](const Task& one) { return is_it({one, 0}); });
    if (place == held_.end()) return false;
    held_.erase(place);
    return true;
  }
  /// All that had not gone out: it never will.
  std::vector<Task> drop_all_held() {
    std::vector<Task> dropped{std::make_move_iterator(held_.begin()), std::make_move_iterator(held_.end())};
    held_.clear();
    return dropped;
  }
  /// Those in flight, in order.
  std::deque<Entry>& in_flight() noexcept { return in_flight_; }
  /// It came back before it began.
  Task remove(const Entry& entry) {
    const auto place = std::find_if(in_flight_.begin(), in_flight_.end(), [&](const Entry& one) { return &one == &entry; });
    Task task = std::move(place->task);
    in_flight_.erase(place);
    return task;
  }

  /// Throws wire::ProtocolError unless this is the one that the worker was given next.
  void check_next(std::uint64_t id, std::uint32_t attempt) const {
    if (in_flight_.empty() || !is(id, attempt)(in_flight_.front()))
      throw wire::ProtocolError{fmt::format("a result for task {}, attempt {}, which it was not given next", id, attempt)};
  }
  /// The worker is done with it. Throws as check_next().
  Task finish(std::uint64_t id, std::uint32_t attempt) {
    check_next(id, attempt);
    Task task = std::move(in_flight_.front().task);
    in_flight_.pop_front();
    return task;
  }

  /// Takes unwanted ones off the front as long as they have not begun, and calls `given_back(task)` of each. True if
  /// the front is then one that has begun and is unwanted: the worker is to be ended, and that was asked for.
  template <class Claim, class GivenBack>
  bool front_is_to_be_ended(const Claim& claim, const GivenBack& given_back) {
    while (!in_flight_.empty() && in_flight_.front().is_unwanted && claim(in_flight_.front().number)) {
      const Task task = std::move(in_flight_.front().task);
      in_flight_.pop_front();
      given_back(task);
    }
    if (in_flight_.empty() || !in_flight_.front().is_unwanted) return false;
    note_abort(in_flight_.front().task);
    return true;
  }

  /// The worker's end is asked for, to end this task.
  void note_abort(const Task& task) { aborted_ = task; }
  bool was_aborted() const noexcept { return aborted_.has_value(); }

  /// Of a worker that has died: the task that it was in; nothing if that is nobody's fault, or the end was asked for to
  /// end another. Those before it were done, and their results died with it; those behind it had not begun: neither are
  /// to blame. Where none had begun and the worker broke down by itself, the next one may be what ended it: a message
  /// that it could not read, or had no memory for.
  template <class Claim>
  std::optional<Task> blame(const Claim& claim, bool broke_down) const {
    for (auto one = in_flight_.rbegin(); one != in_flight_.rend(); ++one) {
      if (claim(one->number)) continue;
      const bool is_another = aborted_ && aborted_->id() != one->task.id();
      return is_another ? std::nullopt : std::optional{one->task};
    }
    if (aborted_ || !broke_down || in_flight_.empty()) return std::nullopt;
    return in_flight_.front().task;
  }

  void drop_all() {
    in_flight_.clear();
    held_.clear();
  }
  /// For the next worker in its place.
  void reset() {
    drop_all();
    aborted_.reset();
    next_number_ = 0;
  }

 private:
  /// A place is used again only when the task that had it is over.
  bool is_full() const noexcept { return !in_flight_.empty() && next_number_ - in_flight_.front().number >= places_; }
  static auto is(std::uint64_t id, std::uint32_t attempt) noexcept {
    return [id, attempt](const Entry& one) { return one.task.id() == id && one.task.attempt() == attempt; };
  }

  std::uint64_t places_;
  std::deque<Entry> in_flight_;  ///< in the order in which the worker runs them
  std::deque<Task> held_;
  std::uint64_t next_number_ = 0;
  std::optional<Task> aborted_;
};

}  // namespace mw::link
