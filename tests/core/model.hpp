// A world for the task machine: interfaces, workers and users that do anything in any order, with an account of what
// must hold.
//
// What:    a schedule is some hundred random events from one seed: tasks that come, begin, end, fail, are lost, given
//          back and cancelled; pauses, a stop in good order; workers whose joining and leaving are told twice, late, or
//          in the wrong order; words about attempts that are over; interfaces that fail and are replaced; time that
//          passes. After each event the account is checked; at the end, one honest worker must bring all that is open
//          to its end.
// Owner:   one World a schedule.
// Threads: one.
// Use:
//     World{seed}.run();                       // throws Broken, which says what does not hold, and when
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/machine.hpp"

namespace mw::core::model {

/// What must hold does not.
struct Broken : std::logic_error {
  using std::logic_error::logic_error;
};

/// How the next worker of a task is found.
enum class Way : std::uint8_t { by_master, by_choice, by_interface };

class World final : private Observer {
 public:
  explicit World(std::uint64_t seed);
  ~World() override;
  void run();
  std::uint64_t events() const noexcept { return events_; }
  /// How many second attempts were made, and how many of them ended their task.
  std::uint64_t copies() const noexcept { return copies_made_; }
  std::uint64_t copies_that_won() const noexcept { return copies_won_; }

 private:
  struct Account {
    TaskRecord* task = nullptr;
    bool is_queued = true, is_running = false, is_over = false, was_given_back = false;
    bool is_cancelled = false;   ///< by the user
    std::uint32_t assigned = 0;  ///< how often
    std::uint32_t faults = 0, losses = 0;
    std::optional<std::int64_t> began_ns;   ///< this attempt
    const TaskRecord* waits_for = nullptr;  ///< whose result it takes, until that has ended
  };
  struct Worker {
    std::uint32_t slots = 1, ahead = 0;
    Time round_trip{0};
    Resources resources = {};
    std::string name;  ///< the directory's, without the number of its process
    bool is_joined = false, leaves = false, rests = false, has_left = false;  ///< as the machine was told
  };
  struct InHand {
    Handed handed;
    bool has_begun = false;
    bool has_arrived = false;  ///< its worker has done with it, and what it brings is on its way
  };

  // Observer
  void submitted(const TaskRecord& task) noexcept override;
  void assigned(const TaskRecord& task, WorkerId worker, const Moment&) noexcept override;
  void started(const TaskRecord& task, WorkerId, const Moment& now) noexcept override;
  void lost(const TaskRecord& task, const Outcome&, const Moment&) noexcept override;
  void queued_again(const TaskRecord& task, Again why, bool was_running, const Moment&) noexcept override;
  void ended(const TaskRecord& task, TaskState state, const Moment&) noexcept override;
  void copy_assigned(const TaskRecord& copy, WorkerId worker, const Moment&) noexcept override;
  void copy_started(const TaskRecord& copy, WorkerId, const Moment&) noexcept override;
  void copy_ended(const TaskRecord& copy, CopyEnd, const Outcome*, const Moment&) noexcept override;
  void worker_joined(WorkerId worker, const WorkerInfo& info, const Moment&) noexcept override;
  void worker_left(WorkerId worker, const Moment&) noexcept override;

  void event();
  void round();
  void round_by_master();
  void settle();
  void check();
  void bring_to_an_end();
  void fill_all_slots();

  /// In some worlds there is little to do, so that workers are idle and tasks are begun a second time.
  void submit() {
    if (!has_little_to_do_ || open_ < 4) submit(chance(15));
  }
  void submit(bool may_follow);
  void announce();
  void join();
  void be_about_to_leave();
  void rest();
  void leave();
  void leave(std::uint32_t number);
  void begin();
  void finish();
  void say_something_old();
  void lose();
  void give_back();
  static std::string some_name(std::size_t which);
  Needs some_needs();
  Resources some_resources();
  bool may_take(const TaskRecord& task, WorkerId number, const Worker& worker) const;
  void cancel();
  void pass_time();
  void change_interface();
  void stop();
  void pause();
  void resume();
  void ask_back_unbegun(const std::vector<Handed>& unbegun);
  void come_to_rest();
  void refuse_missing();

  bool chance(unsigned percent) { return random_() % 100 < percent; }
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }
  Outcome some_outcome(bool is_good);
  bool is_there(WorkerId worker) const;
  Account& account_of(const TaskRecord& task);
  const TaskRef* something_old();
  void hand(const Handed& handed);
  void ask_back(const std::vector<Handed>& list);
  bool revoke(const TaskRef& task);
  void forget(std::size_t in_hand);
  void forget_all_of(WorkerId worker);
  void note(const char* what) noexcept;
  void demand(bool holds, const char* what) const;

  const std::uint64_t seed_;
  std::mt19937_64 random_;
  const Way way_;
  const bool has_little_to_do_;
  const boost::intrusive_ptr<detail::WorkerDirectory> directory_;
  TaskMachine machine_;
  Moment now_;
  std::uint64_t events_ = 0, copies_made_ = 0, copies_won_ = 0;
  std::map<const TaskRecord*, Account> accounts_;
  std::map<const TaskRecord*, std::uint64_t> copies_;  ///< second attempts, and the number of the task that they are at
  std::vector<RecordPtr> records_;                     ///< so that none goes before its account
  std::map<std::uint32_t, Worker> workers_;
  std::vector<InHand> in_hand_;  ///< what the interface has
  std::vector<TaskRef> old_;     ///< attempts that were something once
  std::map<std::pair<std::int32_t, std::uint16_t>, std::uint64_t>
      last_first_;  ///< by priority and kind: the newest task that was handed out for the first time
  std::size_t open_ = 0, published_ = 0;
  bool is_no_worker_possible_ = false;
  const bool may_stop_;
  bool is_stopping_ = false;
  bool is_calm_ = false;  ///< no more trouble
  const char* first_wrong_ = nullptr;
};

}  // namespace mw::core::model
