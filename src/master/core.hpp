// The master's inside: where users, task machine and interface meet.
//
// What:    MasterCore passes on what users and the interface say to the task machine, with the time of it, does what
//          the machine decides, and publishes what has ended. What becomes of a task is decided in src/core.
// Owner:   owned by Master; owns the interface, the loop and its thread.
// Threads: submit(), cancel(), stop(), completions(), status() for user threads; what a Seat passes on for any thread;
//          all else is the loop's. In a process that was forked from the master's, members for user threads throw
//          UsageError, and the destructor must not run.
// Use:     internal; see master.cpp.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <mw/interface.hpp>
#include <mw/master_options.hpp>
#include <mw/status.hpp>

#include "control/controls.hpp"
#include "core/machine.hpp"
#include "core/record.hpp"
#include "core/worker_directory.hpp"
#include "core/worker_list.hpp"
#include "core/worker_starts.hpp"
#include "journal/cache.hpp"
#include "journal/journal.hpp"
#include "master/choice_watch.hpp"
#include "master/completions.hpp"
#include "master/item_stack.hpp"
#include "master/loop.hpp"
#include "master/loss_teller.hpp"
#include "master/notices.hpp"
#include "master/object_places.hpp"
#include "master/output_collector.hpp"
#include "master/part_keeper.hpp"
#include "master/shared_watch.hpp"
#include "master/statistics.hpp"
#include "master/stop_order.hpp"
#include "master/watching.hpp"
#include "process/cache_line.hpp"
#include "process/interrupt_watch.hpp"
#include "trace/trace.hpp"

namespace mw::detail {

/// Whom get_result() hands a task to.
enum class Listing : bool {
  open,    ///< it is among those of "the next of all"
  hidden,  ///< only who has its handle gets it: map()'s chunks
};

class Seat;

/// Throws UsageError if no worker would take arguments of so many bytes.
void check_size(const FunctionEntry& function, std::uint64_t bytes);

class MasterCore final : public Continuations {
 public:
  /// Starts the loop and the interface. Throws what Interface::start() throws, as InterfaceError.
  MasterCore(std::unique_ptr<Interface> interface, MasterOptions options);
  /// Ends every task that is not done, and the interface.
  ~MasterCore();

  /// `extra` may be null. Throws UsageError for arguments that are too long.
  RecordPtr submit(const FunctionEntry& function, EncodedArguments arguments, std::unique_ptr<TaskExtra> extra, Listing listing);
  RecordPtr submit_after(const RecordPtr& first, const FunctionEntry& function, EncodedArguments more, const TaskOptions* options,
                         bool is_hidden) override;
  /// `call` is made in the thread of the notices when the record is done, or the interface has failed.
  void when_done(const RecordPtr& record, std::function<void()> call);
  /// Throws InterfaceError where there is no room for them.
  SharedPtr share(std::span<const std::byte> bytes);
  /// False if it was done already.
  bool cancel(TaskRecord& record);
  /// Sees to it that the worker which runs this chunk of map() keeps what it has begun; where it says what that is, the
  /// chunk's group hears of it.
  void split(TaskRecord& record);
  /// Waits until every task is done, or the deadline has come, and says whether they are; see Master::wait_all.
  bool wait_all(const Deadline& deadline);
  /// Those that are not done, and those that wait to be handed out.
  std::vector<RecordPtr> tasks();
  Completions& completions() {
    refuse_in_forked_process();
    return completions_;
  }
  const MasterOptions& options() const noexcept { return options_; }
  /// How many objects its workers have. Throws UsageError where workers do not last.
  const std::shared_ptr<ObjectPlaces>& object_places();
  /// Throws TaskError if there is no record, or if it is another master's.
  void check_owner(const TaskRecord* record) const;
  Status status();
  /// See Master::take_measures().
  std::vector<MeasureStatus> take_measures();
  /// See Master::stop.
  void stop(const StopOrder& order);
  bool is_stopping() const {
    refuse_in_forked_process();
    return is_stopping_;
  }
  bool has_stopped() const {
    refuse_in_forked_process();
    return has_stopped_;
  }
  /// See Master.
  std::string explain(std::uint64_t id);
  std::string dashboard_url() const;
  /// See Master::pause, Master::resume and Master::scale.
  void pause();
  void resume();
  void scale(std::uint32_t workers);
  /// Stops the interface and goes on with this one; see Master::set_interface.
  void set_interface(std::unique_ptr<Interface> interface);
  /// Slots of all workers together, as of now: of those that are there, or of those that the interface expects, if
  /// these are more.
  std::uint32_t slots() const {
    refuse_in_forked_process();
    return std::max(slots_.load(std::memory_order_relaxed), statistics_.expected());
  }

  /// Whether this process was forked from the one that made it.
  bool is_in_forked_process() const noexcept { return directory_->is_in_forked_process(); }

  /// The number of this map() of the function; 0 without a journal.
  std::uint64_t map_number(const FunctionEntry& function) { return journal_ ? journal_->map_number(function) : 0; }
  /// How many inputs went into a task from this one on when the program ran before; 0 where that is not known.
  std::uint64_t inputs_at(const FunctionEntry& function, std::uint64_t map, std::uint64_t first) {
    return journal_ ? journal_->inputs_at(function, map, first) : 0;
  }
  bool has_journal() const noexcept { return journal_ != nullptr; }

  // As InterfaceHost has them; `seat` is the number of the interface that speaks.
  void task_started(const TaskRef& task, WorkerId worker);
  void task_progress(const TaskRef& task, double fraction);
  void task_part(const TaskRef& task, Bytes value);
  void task_checkpoint(const TaskRef& task, Bytes state);
  void task_finished(const TaskRef& task, Outcome&& outcome);
  void task_lost(const TaskRef& task, Outcome outcome);
  void task_returned(const TaskRef& task);
  void task_split(const TaskRef& task, std::uint32_t kept);
  WorkerId worker_joined(WorkerInfo info, std::uint32_t seat);
  void worker_leaves(WorkerId worker);
  void worker_rests(WorkerId worker, bool rests);
  void worker_left(WorkerId worker, std::vector<LostTask> lost);
  void no_worker_possible(std::string why, std::uint32_t seat);
  void interface_failed(std::string why, std::uint32_t seat);
  void room_available();
  std::size_t tasks_waiting() const noexcept {
    return machine_.is_stopping() || machine_.is_paused() ? 0 : machine_.waiting_unnamed_count();
  }
  bool is_needed(WorkerId worker) const;

 private:
  friend class Seat;
  friend class Watching;

  void refuse_in_forked_process() const { directory_->refuse_in_forked_process(); }
  [[noreturn]] void throw_start_error() const;
  void note_needs(const Needs& needs);
  RecordPtr make_record(const FunctionEntry& function, EncodedArguments arguments, std::unique_ptr<TaskExtra> extra,
                        Listing listing);
  void start_interface();
  void seat(std::unique_ptr<Interface>& interface, std::unique_ptr<Seat>& seat);
  bool is_seated(std::uint32_t seat) const noexcept;
  void after_handler();
  void take_submitted();
  void settle();
  void stop_tasks();
  void dispatch();
  void dispatch_by_master();
  void dispatch_by_choice();
  void dispatch_by_interface();
  void watch_choice(std::size_t free);
  void nothing_is_given_out();
  void begin_pause();
  void end_pause();
  void scale_here(std::uint32_t workers);
  void say_what_waits();
  void admit(WorkerId worker, const WorkerInfo& info);
  void make_start_call(WorkerId worker);
  void start_finished(const TaskRef& task, const Outcome& outcome);
  void start_left(WorkerId worker, const std::vector<LostTask>& lost);
  void say_start_failed(const std::string& err) const;
  void bring_start_call(TaskRecord& task) const;
  bool have_all_starts_failed() const noexcept;
  void ended(const TaskRef& task, Outcome&& outcome);
  bool waits_for_journal(const TaskRef& task, Outcome& outcome);
  void open_journal();
  void open_cache();
  void open_trace();
  void journal_written();
  void close_journal(bool is_whole);
  void open_dashboard();
  void close_dashboard();
  control::Now now();
  std::optional<std::string> explanation(std::uint64_t id);
  void keep_printed(const TaskRef& task, const Outcome& outcome);
  void interface_gone();
  void look_for_absent_workers();
  std::string why_absent(const scheduler::LaneKey& lane, const std::vector<WorkerStatus>& workers, bool may_come,
                         bool others_may_come) const;
  std::string why_none_meets(const scheduler::LaneKey& lane, const std::vector<WorkerStatus>& workers) const;
  std::optional<std::size_t> chosen(TaskRecord& task, std::span<const WorkerView> free);
  bool is_refused(TaskRecord& task);
  void execute(const core::Handed& next);
  void forget_shared(std::uint64_t number);
  void refused(const core::Handed& next, const std::string& why);
  void take_back(const std::vector<core::Handed>& list);
  void collect(const TaskRef& task, Outcome outcome);
  void collected(Collected& result);
  void set_timer();
  void on_timer();
  void stop_interface();
  std::optional<process::InterruptWatch> follow_signals();
  void begin_stop(const StopOrder& order);
  void tell_of_stop() const;
  void look_at_stop();
  void refuse_after_stop() const;
  std::uint64_t end_all_tasks();
  void say_what_nobody_saw(std::uint64_t cancelled_by_the_end);
  /// Runs `call` now on the loop, else soon.
  template <class Call>
  void on_loop(Call call);
  Status counts();
  void complete(Status& status);

  const std::int64_t born_ns_;
  const MasterOptions options_;
  mutable std::mutex name_mutex_;
  std::string interface_name_;  ///< the loop's, except for name_mutex_
  const boost::intrusive_ptr<WorkerDirectory> directory_;
  std::mutex needs_mutex_;
  std::set<Needs> needs_;  ///< all that tasks have had
  Statistics statistics_;
  LossTeller loss_teller_;
  core::WorkerList workers_;
  core::WorkerStarts starts_;
  core::TaskMachine machine_;
  PartKeeper parts_;
  std::unique_ptr<Seat> seat_;                        ///< what interface_ sees of this
  std::unique_ptr<Interface> interface_;              ///< in the place of one that could not start, one that does nothing
  bool chooses_;                                      ///< the master says which worker
  alignas(process::cache_line) ItemStack submitted_;  ///< those who submit write here
  alignas(process::cache_line) std::atomic<std::uint32_t> slots_{0};  ///< … and only the loop from here on
  std::string interface_failure_;                                     ///< why it failed; empty while it works
  ChoiceWatch choice_watch_;
  ChoiceWatch absence_watch_;                  ///< tasks wait for workers that are on their way
  std::vector<scheduler::LaneKey> absent_;     ///< those workers
  std::optional<core::Time> absence_look_at_;  ///< when to ask the interface again where they are
  std::optional<StopOrder> stop_order_;        ///< since it was asked to stop
  std::optional<core::Time> stop_at_;          ///< when the patience is over; empty: never
  std::optional<core::Time> timer_set_for_;
  bool dispatching_ = false;
  OutputCollector outputs_;
  Loop loop_;
  std::unique_ptr<journal::Journal> journal_;  ///< null where there is none
  std::unique_ptr<journal::Cache> cache_;      ///< the same
  std::unique_ptr<Watching> watching_;         ///< the same: nobody watches
  std::unique_ptr<trace::Trace> trace_;        ///< the same
  const std::shared_ptr<SharedWatch> shared_watch_;
  const std::shared_ptr<ObjectPlaces> object_places_ = std::make_shared<ObjectPlaces>();
  Completions completions_;
  Notices notices_;
  std::atomic<bool> is_paused_{false}, is_stopping_{false}, has_stopped_{false};
  std::atomic<bool> is_asked_to_stop_{false};                ///< or ends: a signal brings about nothing here any more
  const std::optional<process::InterruptWatch> interrupts_;  ///< goes first
};

template <class Call>
void MasterCore::on_loop(Call call) {
  if (loop_.is_here())
    call();
  else
    loop_.post(std::function<void()>{[call = std::make_shared<Call>(std::move(call))] { (*call)(); }});
}

}  // namespace mw::detail
