// The scheduler: which task goes where, and when.
//
// What:    a pure state machine. It takes events (a task was submitted, a worker joined, a task was lost) and answers with
//          decisions (this task to this worker; this task is given up). It has no thread, no socket and no clock, so that a
//          test steps it by hand and a simulation drives it with a virtual clock.
// Owner:   tasks are intrusive Items that the caller owns; an Item must live until it is done. Workers are owned here.
// Threads: one at a time (the master's loop).
// Use:
//     Scheduler scheduler{Policy{}};
//     scheduler.worker_joined(worker, 1);
//     scheduler.submit(item);
//     while (auto next = scheduler.next()) start(next->item, next->worker);
//     …
//     scheduler.finished(item);                                   // the worker's slot is free again
//     if (scheduler.lost(item) == Verdict::give_up) report(item); // else it is queued again, first in line
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include <mw/interface.hpp>

namespace mw::scheduler {

/// How often a task may be lost before it is given up.
struct Policy {
  std::uint32_t max_losses = 3;  ///< a task is given up when its worker died under it more often than this
};

enum class ItemState : std::uint8_t { idle, queued, assigned, done };

/// What the scheduler keeps in each task: 32 bytes, no allocation.
struct Item {
  Item* next = nullptr;  ///< free for the owner's own lists while the state is idle or done
  Item* previous = nullptr;
  WorkerId worker = any_worker;  ///< where it is while assigned
  std::uint32_t losses = 0;      ///< how often its worker was lost under it
  std::uint32_t attempt = 0;     ///< how often it was handed to a worker; the fencing number of its messages
  ItemState schedule = ItemState::idle;
};

/// A doubly linked list of Items; an Item is in one list at most.
class ItemList {
 public:
  bool empty() const noexcept { return first_ == nullptr; }
  Item* front() const noexcept { return first_; }
  std::size_t size() const noexcept { return size_; }
  void push_back(Item& item) noexcept;
  void push_front(Item& item) noexcept;
  void remove(Item& item) noexcept;

 private:
  Item* first_ = nullptr;
  Item* last_ = nullptr;
  std::size_t size_ = 0;
};

struct Assignment {
  Item* item;
  WorkerId worker;
};

enum class Verdict : std::uint8_t { run_again, give_up };

class Scheduler {
 public:
  explicit Scheduler(Policy policy = {}) : policy_{policy} {}

  /// A new task: last in the queue.
  void submit(Item& item);

  /// A worker that takes up to `capacity` tasks at a time, at least 1. An id is used once only.
  void worker_joined(WorkerId worker, std::uint32_t capacity);

  /// The worker is gone. What it was given and had not begun is queued again, first in line and in the old order, and
  /// counts as no loss: call lost() first for the task that it was running. An unknown worker is no event.
  void worker_left(WorkerId worker);

  /// The next task and the least loaded worker with room for it; it counts as assigned. Empty when no task waits or no
  /// worker has room.
  std::optional<Assignment> next();

  /// For an interface that schedules by itself: the first task in the queue, which stays there until assign().
  Item* front() const noexcept { return queue_.front(); }
  /// … which now goes to `worker` (any_worker: wherever the interface puts it).
  void assign_front(WorkerId worker);

  /// The task came to an end on its worker, one way or another; its slot is free.
  void finished(Item& item);

  /// The worker was lost while it ran this task: run it again, or give it up (it is done then).
  Verdict lost(Item& item);

  /// Takes a task out of the queue, or off its worker, for good.
  void withdraw(Item& item);

  /// Every task that waits, oldest first: for a caller that must end them all. They stay queued.
  std::vector<Item*> waiting() const;
  /// Every task that was handed out and not ended.
  std::vector<Item*> assigned() const;

  std::size_t queued_count() const noexcept { return queue_.size(); }
  std::size_t assigned_count() const noexcept { return assigned_count_; }
  std::size_t worker_count() const noexcept { return workers_.size(); }
  std::size_t busy_count() const noexcept { return busy_count_; }

 private:
  struct Worker {
    WorkerId id;
    std::uint32_t capacity;
    std::size_t bucket_position = 0;  ///< in rooms_[load], while it has room
    ItemList items;
    std::uint32_t load() const noexcept { return static_cast<std::uint32_t>(items.size()); }
    bool has_room() const noexcept { return load() < capacity; }
  };

  void enter_room(Worker& worker);
  void leave_room(Worker& worker);
  void put(Item& item, Worker& worker);
  void take_off(Item& item);

  Policy policy_;
  ItemList queue_;
  ItemList elsewhere_;  ///< assigned to any_worker: the interface knows where
  std::unordered_map<std::uint32_t, Worker> workers_;
  std::vector<std::vector<Worker*>> rooms_;  ///< workers with room, by load: the least loaded is found in O(capacity)
  std::size_t assigned_count_ = 0;
  std::size_t busy_count_ = 0;
};

}  // namespace mw::scheduler
