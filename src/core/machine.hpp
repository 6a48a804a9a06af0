// The task machine: what becomes of each task.
//
// What:    takes events (a task was submitted, began, finished, was lost; a worker came or went; time has passed) with
//          the moment at which they happen, and answers with decisions: which task goes to which worker, which is to be
//          taken back or stopped, which has ended, and when it wants to be called next. It decides about retries,
//          losses, limits and the order of tasks (with the scheduler inside), and has no thread, socket or clock: a
//          test steps it by hand, and a simulation drives it with a virtual clock.
//          What comes for an attempt that is not the current one, or from a worker that is gone, changes nothing,
//          whatever the order in which an interface speaks.
// Owner:   holds one reference to each record from submit() until take_ended() gives it back. Workers' names are the
//          directory's.
// Threads: one at a time (the master's loop).
// Use:
//     TaskMachine machine{directory};
//     machine.interface_started();
//     machine.submit(record);
//     machine.worker_joined(worker, {.slots = 1}, now);
//     if (machine.begin_round(now))
//       while (auto next = machine.next(now)) start(*next);       // the interface's execute_task()
//     …
//     machine.finished(task, std::move(outcome), now);
//     for (const Stop& one : machine.take_stops()) stop(one);      // after each event
//     while (auto record = machine.take_ended()) publish(std::move(record));
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <mw/interface.hpp>

#include "core/copies.hpp"
#include "core/deadlines.hpp"
#include "core/dependents.hpp"
#include "core/known_results.hpp"
#include "core/moment.hpp"
#include "core/observer.hpp"
#include "core/record.hpp"
#include "core/worker_directory.hpp"
#include "scheduler/scheduler.hpp"

namespace mw::core {

/// An outcome without a result.
Outcome failed(Cause cause, std::string message);

/// An attempt at a task, and the worker that has it.
struct Handed {
  TaskRef task;
  WorkerId worker;
};

/// A task that has ended as far as its master is concerned, while its worker may have it still.
struct Stop {
  TaskRef task;
  WorkerId worker;
  bool may_be_unbegun;  ///< try to take it back first; if that works, say stopped()
};

/// Where a task is that has not ended.
struct Whereabouts {
  enum State : std::uint8_t { waits, waits_for_task, is_at_worker, runs };

  const TaskRecord* task = nullptr;
  State state = waits;
  std::size_t before = 0;             ///< of one that waits: how many go first
  const TaskRecord* first = nullptr;  ///< of one that waits for another's result: that
};

/// Those that wait for any worker, or for one that has what they need, in the order in which they go: for who chooses
/// their workers. One that was returned may be given out, or refused; others may come meanwhile, none may go.
class WaitingTasks {
 public:
  explicit WaitingTasks(const scheduler::Scheduler& scheduler);
  /// Null after the last.
  TaskRecord* next();

 private:
  std::vector<std::pair<const scheduler::Queues*, scheduler::Item*>> next_of_;
};

class TaskMachine {
 public:
  explicit TaskMachine(detail::WorkerDirectory& directory, scheduler::Policy policy = {});
  ~TaskMachine();
  TaskMachine(const TaskMachine&) = delete;
  TaskMachine& operator=(const TaskMachine&) = delete;

  void add_observer(Observer& observer) { observers_.push_back(&observer); }
  /// From now on this one, too, is asked for each new task before it waits: after those that came before.
  void ask_first(KnownResults& known) { known_.push_back(&known); }

  // What happens to tasks

  /// Takes over the caller's reference. What comes when all has ended is cancelled.
  void submit(TaskRecord& task, const Moment& now);
  /// The same for a task whose first argument is the result of `first`: it waits until that has ended. Where `first`
  /// has no result, the task ends as `first` does.
  void submit_after(TaskRecord& task, TaskRecord& first, const Moment& now);
  void started(const TaskRef& task, WorkerId worker, const Moment& now);
  /// Fractions below 0 and above 1 are no event.
  void progressed(const TaskRef& task, double fraction);
  /// It has saved its state, which its next attempt begins with.
  void checkpointed(const TaskRef& task, Bytes state);
  /// Its worker has done with it, and what it brings is not all here yet: finished() follows, whatever becomes of the
  /// worker. No limit ends it any more.
  void arrived(const TaskRef& task, const Moment& now);
  /// It ends, or runs again.
  void finished(const TaskRef& task, Outcome&& outcome, const Moment& now);
  /// Its worker died under it.
  void lost(const TaskRef& task, Outcome&& outcome, const Moment& now);
  /// No worker has begun this attempt, and none will.
  void returned(const TaskRef& task, const Moment& now);
  void returned(const std::vector<TaskRef>& tasks, const Moment& now);
  /// Its worker keeps a part of it only, and so does every attempt from now on: a copy of the whole is dropped.
  void was_split(const TaskRecord& task, const Moment& now);
  /// What take_stops() named does not run, and will not.
  void stopped(const TaskRef& task);
  /// False if it had ended.
  bool cancel(TaskRecord& task, const Moment& now);
  /// It waits and cannot be given out: it ends with this failure. One that does not wait is no event.
  void refuse(TaskRecord& task, Outcome&& outcome, const Moment& now);

  // What happens to workers and their interface

  /// One that has left is no event: its end may be heard of first.
  void worker_joined(WorkerId worker, const WorkerInfo& info, const Moment& now);
  /// It takes nothing more, and has what it has. One that is not there is no event.
  void worker_leaves(WorkerId worker) { scheduler_.worker_leaves(worker); }
  /// It takes nothing more for now, and has what it has; or takes tasks again. One that is not there is no event.
  void worker_rests(WorkerId worker, bool rests) {
    scheduler_.worker_rests(worker, rests);
    wants_round_ = true;
  }
  /// Those in `lost` were running; what it was given besides was not begun, and goes elsewhere.
  void worker_left(WorkerId worker, std::vector<LostTask> lost, const Moment& now);
  /// Nothing can ever run: what waits, and what comes, ends with this reason.
  void no_worker_possible(std::string why);
  /// One that could not be hoped for is there after all.
  void worker_possible() noexcept { no_worker_.reset(); }
  /// From now on tasks may be given out. `chooses`: by this machine, which keeps those that are for some workers only
  /// (TaskOptions::worker, needs) for them.
  void interface_started(bool chooses = true);
  /// The workers that tasks wait for, by name and needs, while none is there that would do. Where such a worker is not
  /// on its way, either, say so with refuse_those_for().
  std::vector<scheduler::LaneKey> missing_workers() const;
  /// Whether any task waits that is for some workers only.
  bool has_tasks_for_some_workers() const noexcept { return scheduler_.has_lanes(); }
  const Needs& needs_of(const scheduler::LaneKey& lane) const { return scheduler_.needs_of(lane.needs); }
  /// Whether any waits for a worker of this name.
  bool has_tasks_for(const std::string& name) const { return scheduler_.has_tasks_for(name); }
  /// The tasks that wait there end with Cause::no_worker and this reason.
  void refuse_those_for(const scheduler::LaneKey& lane, const std::string& why, const Moment& now);
  /// Every task that is somewhere is queued again, as if it had not been given out; no worker is left, and nothing is
  /// given out.
  void interface_gone(const Moment& now);
  bool has_interface() const noexcept { return has_interface_; }
  /// Every task is cancelled, for this reason, and none begins any more.
  void end_all(const std::string& why, const Moment& now);
  bool is_ending() const noexcept { return is_ending_; }
  /// No task begins any more, for good: what waits, what comes, and what is to run again waits on. Returns what was
  /// given to workers and is not known to have begun: ask for it back as with surplus().
  std::vector<Handed> stop();
  bool is_stopping() const noexcept { return is_stopping_; }
  /// The same until resume(). What runs goes on.
  std::vector<Handed> pause();
  void resume() noexcept;
  bool is_paused() const noexcept { return is_paused_; }
  /// Whether after stop() nothing that was given out is left anywhere.
  bool has_stopped() const noexcept { return is_stopping_ && scheduler_.assigned_count() == 0; }

  // Decisions

  /// Something has changed since the last round, so that another one may find something to give out.
  bool wants_round() const noexcept { return wants_round_; }
  void want_round() noexcept { wants_round_ = true; }
  /// Whether tasks may be given out.
  bool begin_round(const Moment& now);
  /// The next task and its worker, for an interface among whose workers the master chooses.
  std::optional<Handed> next(const Moment& now);
  /// Whether next() has just passed over a task for which a faster worker is worth waiting.
  bool holds_back() const noexcept { return scheduler_.holds_back(); }
  /// The same among tasks that are for one worker each (TaskOptions::worker).
  std::optional<Handed> next_named(const Moment& now);
  /// For those who choose by themselves: what waits, in order, and who is free. Tasks that are for one worker by its
  /// name are not among them while this machine chooses; those with needs are for those who meet them.
  WaitingTasks waiting_tasks() const { return WaitingTasks{scheduler_}; }
  std::vector<WorkerId> free_workers() const { return scheduler_.free_workers(); }
  bool may_run_at(const TaskRecord& task, WorkerId worker) const {
    return !task.find_extra() || scheduler_.is_met_by(task.find_extra()->needs, worker);
  }
  Resources resources_of(WorkerId worker) const { return scheduler_.resources_of(worker); }
  /// The first task that any worker may have; null if there is none.
  TaskRecord* first_waiting() const noexcept;
  /// A task that waits goes to this worker.
  Handed assign(TaskRecord& task, WorkerId worker, const Moment& now);
  /// When nothing waits any more, for an interface among whose workers the master chooses: a second attempt at a task
  /// that takes too long where it is, and a worker with nothing to do. Only where copy_stragglers() said so.
  std::optional<Handed> next_copy(const Moment& now);
  void copy_stragglers(bool makes_copies) noexcept { makes_copies_ = makes_copies; }
  /// At the end of a round: what lies ahead of one worker while another has nothing to do. Ask for it back in this
  /// order, and say returned() of those that came.
  std::vector<Handed> surplus();

  /// When time_passed() is to be called, if nothing happens before.
  std::optional<Time> wake_at(Time now) const;
  /// Ends what ran out of time. Returns what waits behind a task that takes longer than expected: ask for it back as
  /// with surplus().
  std::vector<Handed> time_passed(const Moment& now);

  /// What is to be stopped, oldest first, each once.
  std::vector<Stop> take_stops() { return std::exchange(stops_, {}); }
  bool has_stops() const noexcept { return !stops_.empty(); }
  /// The next task that has ended, oldest first, each once; empty if there is none.
  RecordPtr take_ended() noexcept;
  bool has_ended() const noexcept { return ended_first_ != nullptr; }

  // What there is

  std::uint32_t slots() const noexcept { return slots_; }
  std::size_t waiting_count() const noexcept { return scheduler_.queued_count(); }
  /// … without those that are for one worker each.
  std::size_t waiting_unnamed_count() const { return scheduler_.unnamed_count(); }
  /// … of which any worker may have so many.
  std::size_t waiting_for_any_count() const noexcept { return scheduler_.queued_for_any_count(); }
  /// A worker that rests and that the oldest of those tasks waits for which no worker but one at rest may have;
  /// any_worker if there is none.
  WorkerId awaited_at_rest() const noexcept { return scheduler_.awaited_at_rest(); }
  /// Tasks that are somewhere, those included that have ended and hold a slot.
  std::size_t handed_out_count() const noexcept { return scheduler_.assigned_count() + abandoned_.size(); }
  bool is_current(const TaskRef& task) const noexcept;
  /// The attempt at this task that runs, and its worker; nothing if none does, or nobody knows where.
  std::optional<Handed> running(TaskRecord& task) const;
  /// The task of this number, if it has not ended and is not behind so many that wait.
  std::optional<Whereabouts> find(std::uint64_t id, std::size_t most) const;
  /// Those that have not ended.
  std::vector<RecordPtr> open_tasks() const;

 private:
  template <class Call>
  void tell(const Call& call) const {
    for (Observer* observer : observers_) call(*observer);
  }
  void queue_new(TaskRecord& task, const Moment& now);
  bool retries(TaskRecord& task, const Failure& failure);
  void queued_again(TaskRecord& task, Again why, const Moment& now);
  void lose(TaskRecord& task, Outcome&& outcome, const Moment& now);
  void abandon(TaskRecord& task, bool may_be_unbegun, const Moment& now);
  void out_of_time(TaskRecord& task, const Moment& now);
  void end(TaskRecord& task, TaskState state, Outcome&& outcome, const Moment& now);
  void follow(TaskRecord& task, const TaskRecord& first, const Moment& now);
  void free_dependents(const TaskRecord& first, const Moment& now);
  void end_waiting(TaskState state, const Failure& failure, const Moment& now);
  void forget_slots(WorkerId worker, const Moment& now);
  std::optional<Handed> given(const std::optional<scheduler::Assignment>& choice, const Moment& now);
  void copy_started(TaskRecord& copy, WorkerId worker, const Moment& now);
  void copy_finished(TaskRecord& copy, Outcome&& outcome, const Moment& now);
  void copy_gone(TaskRecord& copy, CopyEnd how, const Outcome* outcome, const Moment& now);
  void drop_copy(const TaskRecord& task, const Moment& now);
  std::vector<Handed> unbegun() const;
  static std::vector<Handed> handed(const std::vector<scheduler::Assignment>& list);
  bool gives_out() const noexcept { return has_interface_ && !is_ending_ && !is_stopping_ && !is_paused_; }

  detail::WorkerDirectory& directory_;
  std::vector<Observer*> observers_;
  std::vector<KnownResults*> known_;
  scheduler::Scheduler scheduler_;
  Deadlines deadlines_;
  std::vector<Handed> abandoned_;  ///< ended here, and may still run where they are
  std::vector<Stop> stops_;
  Copies copies_;
  Dependents dependents_;
  std::vector<std::pair<TaskRecord*, RecordPtr>> freed_;  ///< tasks whose first has ended, and that first
  bool is_freeing_ = false;
  scheduler::Item* ended_first_ = nullptr;
  scheduler::Item* ended_last_ = nullptr;
  std::unordered_map<std::uint32_t, std::uint32_t> slots_of_;  ///< by worker: those that are there
  std::uint32_t slots_ = 0;
  std::optional<std::string> no_worker_;  ///< why no worker can run anything
  bool has_interface_ = false;
  bool wants_round_ = false;
  bool is_ending_ = false;
  bool is_stopping_ = false;
  bool is_paused_ = false;
  bool makes_copies_ = false;
};

}  // namespace mw::core
