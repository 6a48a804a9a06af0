// The scheduler: which task goes to which worker, and when it goes back.
//
// What:    a pure state machine. It takes events (a task was submitted, a worker joined, a task was lost) and answers
//          with decisions (this task to this worker; this task is given up). It has no thread, no socket and no clock,
//          so that a test steps it by hand and a simulation drives it with a virtual clock.
// Owner:   tasks are intrusive Items that the caller owns; an Item must live until it is done. Workers are owned here.
// Threads: one at a time (the master's loop).
// Use:
//     Scheduler scheduler{Policy{}};
//     scheduler.worker_joined(worker, {.slots = 1});
//     scheduler.submit(item);
//     while (auto next = scheduler.next(now)) start(next->item, next->worker);
//     …
//     scheduler.finished(item, now, run_time);                    // the worker's slot is free again
//     if (scheduler.lost(item, now, 3) == Verdict::give_up) report(item);  // else it is queued again, first in line
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include <mw/interface.hpp>
#include <mw/master_options.hpp>
#include <mw/needs.hpp>

#include "scheduler/cost.hpp"
#include "scheduler/item.hpp"
#include "scheduler/lanes.hpp"
#include "scheduler/queues.hpp"

namespace mw::scheduler {

struct Policy {
  /// A worker that can hold tasks ahead gets as many as are expected to last this long together with the one it runs.
  /// Longer than a wake-up across cores (60 to 90 µs measured), shorter than what a person or a schedule notices. Four
  /// round trips, where that is more.
  Time horizon = std::chrono::milliseconds{1};
  /// When a worker says nothing for so much longer than the task it runs was expected to last, what waits behind it
  /// goes elsewhere. Eight round trips more, where they take time.
  Time patience = std::chrono::milliseconds{2};
  /// Which of the workers that have room is next.
  Placement placement = Placement::by_speed;
};

struct Assignment {
  Item* item;
  WorkerId worker;
};

enum class Verdict : std::uint8_t { run_again, give_up };

/// Whether there may be another attempt at this task while it runs.
using MayCopy = bool (*)(const Item&);

/// What a worker takes.
struct Capacity {
  std::uint32_t slots = 1;  ///< tasks that it runs at a time, at least 1
  std::uint32_t ahead = 0;  ///< tasks that it holds behind those, and gives back when asked
  Time round_trip{0};  ///< how long it waits for a task that does not lie ahead; above 0, one always may, however long it takes
};

class Scheduler {
 public:
  explicit Scheduler(Policy policy = {}, TermsOf terms_of = nullptr, MayCopy may_copy = nullptr)
      : policy_{policy}, lanes_{terms_of}, may_copy_{may_copy} {}

  /// A new task: last among those of its priority.
  void submit(Item& item);
  /// An abandoned one: first among them.
  void submit_again(Item& item);

  /// An id is used once only. Tasks that were assigned to it before are its own from now on, and those that are for one
  /// of its names, or need what it has, may go to it.
  void worker_joined(WorkerId worker, Capacity capacity, std::vector<std::string> names = {}, Resources resources = {});

  /// It takes nothing more; what it was given stays its own. An unknown worker is no event.
  void worker_leaves(WorkerId worker);

  /// It takes nothing for now, and what it was given stays its own; or it takes tasks again. An unknown worker is no
  /// event.
  void worker_rests(WorkerId worker, bool rests);

  /// The worker is gone. What it was given and had not begun is queued again, first in line and in the old order, and
  /// counts as no loss: call lost() first for the task that it was running. An unknown worker is no event. Returns what
  /// is queued again.
  std::vector<Item*> worker_left(WorkerId worker);

  /// The first task of the highest priority and the least loaded worker with room for it; it counts as assigned. A task
  /// of another kind that waits behind short ones goes before them if it would end last otherwise, or if nobody knows
  /// how long its kind takes: the first of such a kind goes early. Empty
  /// when no task waits or no worker has room. A task whose kind was never measured goes to a free slot only. A worker
  /// that is known to be slow gets none of the last tasks, if the others are expected to have done all of them before
  /// it had done one.
  std::optional<Assignment> next(Time now);
  /// The same among tasks that are for one worker each.
  std::optional<Assignment> next_named(Time now);

  /// The number of these needs, under which tasks that have them are queued; 0 if there are none. At most 65,534.
  NeedsClass class_of(const Needs& needs);
  const Needs& needs_of(NeedsClass number) const;
  /// Whether this worker is there and has what the class needs.
  bool is_met_by(NeedsClass number, WorkerId worker) const;
  /// What it has; nothing of one that is not there.
  Resources resources_of(WorkerId worker) const;

  /// Whether tasks that are for some workers only are kept for them; else they go as all others do.
  void heed_terms(bool heeds);
  /// The lanes in which tasks wait while no worker there could run them.
  std::vector<LaneKey> missing() const;
  /// Whether any task waits in a lane.
  bool has_lanes() const noexcept { return !lanes_.empty(); }
  /// A worker that rests and that the first task waits for of those whose workers all rest; any_worker if there is
  /// none.
  WorkerId awaited_at_rest() const noexcept;
  /// The tasks that wait in this lane, in order.
  std::vector<Item*> waiting_for(const LaneKey& key) const;
  /// Whether any task waits that is for a worker of this name.
  bool has_tasks_for(const std::string& name) const;
  /// The queues of tasks that are for some workers only.
  const std::map<LaneKey, Queues>& lanes() const noexcept { return lanes_.all(); }
  /// All queues but those of tasks that are for one worker each.
  std::vector<const Queues*> unnamed_queues() const;

  /// The first task that any worker may have; it stays queued.
  Item* front() const noexcept { return queues_.front(); }
  /// … and now goes to `worker` (any_worker: wherever an interface that schedules by itself puts it).
  void assign_front(WorkerId worker, Time now);
  /// The same for any queued task.
  void assign(Item& item, WorkerId worker, Time now);
  /// Workers with a free slot.
  std::vector<WorkerId> free_workers() const;
  /// The queued task behind this one, of those that any worker may have; null after the last.
  Item* after(const Item& item) const noexcept { return queues_.after(item); }

  /// The task came to an end on its worker, one way or another; its slot is free. A run time above 0 teaches how long
  /// tasks of its kind take.
  void finished(Item& item, Time now, Time run_time = Time{0});

  /// Its slot is free, and the task has not come to its end: it counts as assigned, to no worker, until finished().
  void detach(Item& item, Time now);

  /// The worker was lost while it ran this task: run it again, or give it up if that happened more than `max_losses`
  /// times.
  Verdict lost(Item& item, Time now, std::uint32_t max_losses);

  /// The task failed by its own fault and shall run again: first in line.
  void again(Item& item, Time now);

  /// Takes a task out of the queue, or off its worker, for good.
  void withdraw(Item& item, Time now);
  /// Takes an assigned task off a worker that cannot be made to drop it at once: it is idle then, and its slot stays
  /// taken until release().
  void abandon(Item& item, Time now);
  void release(WorkerId worker);

  /// Tasks that wait behind one that takes longer than expected, newest first: to be taken back in that order. Give
  /// those that could be taken back to returned().
  std::vector<Assignment> overdue(Time now);
  /// Tasks that lie ahead of one worker while another has nothing to do and nothing is queued: one for each idle
  /// worker, those that would wait longest first. Worth taking back; give those that could be to returned(). A worker
  /// is asked once until its list changes.
  std::vector<Assignment> surplus();
  /// No task waits, a worker a round trip away has nothing to do, and this task is likely to end there before it would
  /// where it runs: those two. Give place() what is to run there. Empty if there is none; next_copy_at() says when to
  /// ask again.
  std::optional<Assignment> straggler(Time now);
  std::optional<Time> next_copy_at() const noexcept { return next_copy_; }
  /// A task that was not submitted goes to this worker, which is there.
  void place(Item& item, WorkerId worker, Time now);
  /// They were taken back before they began: this attempt at them never was. First in line, in the order of submission.
  void returned(std::vector<Item*> items, Time now);
  /// Whether overdue() may ever have something to say as things are.
  bool has_tasks_ahead() const noexcept { return !ahead_.empty(); }
  /// Whether a worker was left without a task as it is slow: next() may think otherwise later, should the others take
  /// longer than expected.
  bool holds_back() const noexcept { return holds_back_; }

  /// Every task that waits, in the order in which they would go: for a caller that must end them all. They stay queued.
  std::vector<Item*> waiting() const;
  /// Every task that was handed out and not ended.
  std::vector<Item*> assigned() const;

  /// How long a task of this kind is expected to run; empty if none ever finished.
  std::optional<Time> expected(std::uint16_t kind) const;

  /// Those that wait and that any worker may have.
  std::size_t queued_for_any_count() const noexcept { return queues_.size(); }
  std::size_t queued_count() const noexcept { return queues_.size() + lanes_.size(); }
  /// Those that wait without being for one worker each.
  std::size_t unnamed_count() const;
  std::size_t assigned_count() const noexcept { return assigned_count_; }
  std::size_t worker_count() const noexcept { return workers_.size(); }
  std::size_t busy_count() const noexcept { return busy_count_; }

 private:
  struct Worker {
    WorkerId id;
    Capacity capacity;
    ItemList items;                          ///< oldest first
    std::uint32_t held = 0;                  ///< slots taken by abandoned tasks
    bool leaves = false;                     ///< it takes nothing more
    bool rests = false;                      ///< it takes nothing for now
    bool is_ahead = false;                   ///< it holds more tasks than it runs
    bool stalled = false;                    ///< its task is overdue: nothing is put behind it
    bool asked_back = false;                 ///< surplus() has named its last task
    bool is_known = false;                   ///< its slowness was measured
    bool is_special = false;                 ///< it has a GPU, or meets a scarce class
    Time expected{0};                        ///< all of its items together
    double slowness = 1;                     ///< how long it takes for a task, against what all take on average
    Time last_event{0};                      ///< when it began its oldest item, as far as is known
    std::size_t bucket_position = SIZE_MAX;  ///< in the room of its load, while it has room
    std::uint32_t scarce = 0;                ///< how many scarce classes it meets
    std::vector<std::string> names;
    Resources resources;
    std::vector<bool> meets;  ///< by the number of a class
    std::uint32_t load() const noexcept { return static_cast<std::uint32_t>(items.size()) + held; }
    bool is_far() const noexcept { return capacity.round_trip.count() > 0; }
    bool takes_tasks() const noexcept { return !leaves && !rests; }
    bool has_free_slot() const noexcept { return takes_tasks() && load() < capacity.slots; }
  };
  using Rooms = std::vector<std::vector<Worker*>>;
  /// Those whose tasks need the same.
  struct Class {
    std::vector<Worker*> fits;  ///< workers that have it and take tasks
    std::uint64_t slots = 0;    ///< of those
    bool is_scarce = false;     ///< other workers that take tasks do not have it
  };

  Queues& queue_of(Item& item);
  void unqueue(Item& item);
  void queue_in_order(const std::vector<Item*>& items);
  std::optional<Assignment> first_named();
  std::optional<Assignment> first_needy(Time now);
  std::optional<Assignment> first_of_lane(Queues& lane, NeedsClass needs, Time now);
  bool goes_before_plain(const Assignment& needy, const Item& plain) const;
  std::optional<Assignment> next_of_lanes_and_all(Time now);
  std::optional<Assignment> next_of_all(Time now);
  std::optional<Assignment> try_assign(Item& item, Time now);
  Worker* find_place(const Item& item, NeedsClass needs, Time now);
  Worker* find_place_among_few(const Item& item, NeedsClass needs, Time now);
  Worker* find_place_in_turn(const Item& item, NeedsClass needs);
  bool is_place(const Worker& worker, const Item& item, NeedsClass needs, Time now);
  Item* due_early(Queues& queue, std::uint64_t slots, Time now) const;
  Time likely(std::uint16_t kind, Time now) const noexcept;
  void note_begin(std::uint16_t kind, Time now);
  bool was_begun(std::uint16_t kind) const noexcept;
  Assignment give(const Assignment& choice, Time now);
  Worker* place_for(const LaneKey& key, const Item& item);
  bool is_served(const LaneKey& key) const;
  void judge(Worker& worker, const Needs& needs);
  static void enter_class(Worker& worker, Class& those);
  void enter_classes(Worker& worker);
  void leave_classes(Worker& worker);
  static void rate(Worker& worker) noexcept;
  void rate_classes();
  static bool has(const Worker& worker, NeedsClass needs) { return needs == 0 || worker.meets[needs]; }
  bool is_wanted(const Worker& worker, const Item& item, NeedsClass needs) const;
  std::size_t waiting_with(NeedsClass needs) const;
  std::pair<Item*, Worker*> last_to_give_up(const Worker& worker, const std::vector<Worker*>& idle) const;
  bool takes(const Worker& worker, const Item& item) const noexcept;
  bool has_room(const Worker& worker) const noexcept;
  bool may_wait_at(const Worker& worker, const Item& item) const noexcept;
  bool is_slow(const Worker& worker) const noexcept;
  bool is_better_left(const Worker& worker, const Item& item, NeedsClass needs, Time now) const;
  Time left_at(const Worker& worker, Time now) const noexcept;
  bool is_late(const Worker& worker, Time now) const noexcept;
  std::optional<Time> copy_due(const Worker& worker) const;
  const Worker* idle_for(const Item& item) const;
  bool takes_one_ahead(const Worker& worker) const noexcept;
  Time horizon_of(const Worker& worker) const noexcept;
  Rooms& rooms_of(const Worker& worker) noexcept { return worker.is_special ? special_rooms_ : rooms_; }
  void enter_room(Worker& worker);
  void leave_room(Worker& worker);
  void note_ahead(Worker& worker);
  void put(Item& item, Worker& worker, Time now);
  Worker* find(WorkerId worker) noexcept;
  Worker* take_off(Item& item, Time now);
  void take_off(Item& item, Worker* from, Time now);
  void learn(std::uint16_t kind, Time run_time);
  void learn_of_worker(Worker& worker, std::uint16_t kind, Time run_time);
  Time time_at(const Worker& worker, std::uint16_t kind) const noexcept;
  void expect(Item& item, Worker& worker) const;

  Policy policy_;
  Queues queues_;                  ///< what any worker may have
  Lanes lanes_;                    ///< what is for some only
  MayCopy may_copy_;               ///< null: no task
  std::optional<Time> next_copy_;  ///< when straggler() may have something to say; as of its last call
  std::vector<Class> classes_{1};  ///< by number; of 0 nothing is said here
  std::map<Needs, NeedsClass> class_numbers_;
  std::size_t far_count_ = 0;  ///< workers that are a round trip away
  std::size_t takers_ = 0;     ///< workers that have not been told to leave
  std::uint32_t last_order_ = 0;
  ItemList elsewhere_;  ///< assigned to any_worker: the interface knows where
  std::unordered_map<std::uint32_t, Worker> workers_;
  std::unordered_map<std::string, std::vector<Worker*>> by_name_;
  Rooms rooms_;                         ///< workers with room, by load
  Rooms special_rooms_;                 ///< the same of special ones, which are behind others of their load
  std::size_t least_load_ = 0;          ///< none has room with less than that
  std::uint32_t last_turn_ = 0;         ///< the worker that got the last task
  std::uint32_t most_slots_ = 0;        ///< that a worker has had
  std::uint64_t slots_ = 0;             ///< of all that may be given tasks
  std::set<Worker*> ahead_;             ///< workers that hold more tasks than they run
  std::vector<Time> expected_;          ///< by kind; 0: never measured
  std::vector<std::uint8_t> measured_;  ///< by kind: how often, up to enough_measured
  std::vector<Time> begun_;             ///< by kind: when the first one began of those never measured; least: none has
  double spread_ = 0.3;                 ///< by how much the tasks on one worker differ, 0 to 1; at first a guess
  std::size_t assigned_count_ = 0;
  std::size_t busy_count_ = 0;
  std::size_t resting_count_ = 0;
  bool holds_back_ = false;
};

inline Queues& Scheduler::queue_of(Item& item) {
  Queues* const lane = lanes_.of(item);
  return lane ? *lane : queues_;
}

inline void Scheduler::unqueue(Item& item) {
  const Terms terms = lanes_.terms_of(item);
  if (terms.empty())
    queues_.remove(item);
  else
    lanes_.remove(item, terms);
}

}  // namespace mw::scheduler
