// The master's inside: one event-loop thread that owns the scheduler and the interface.
//
// What:    MasterCore takes records from user threads, lets the scheduler decide, hands them to the interface, and publishes
//          what comes back.
// Owner:   owned by Master; owns the interface, the loop and its thread.
// Threads: submit(), completions(), status() for user threads; InterfaceHost's members for any thread; all else is the loop's.
// Use:     internal; see master.cpp.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>

#include <mw/interface.hpp>
#include <mw/status.hpp>

#include "master/completions.hpp"
#include "master/item_stack.hpp"
#include "master/loop.hpp"
#include "master/record.hpp"
#include "master/statistics.hpp"
#include "master/worker_directory.hpp"
#include "scheduler/scheduler.hpp"

namespace mw::detail {

class MasterCore final : public InterfaceHost {
 public:
  /// Starts the loop and the interface. Throws what Interface::start() throws, as InterfaceError.
  explicit MasterCore(std::unique_ptr<Interface> interface);
  /// Ends every task that is not done, and the interface.
  ~MasterCore() override;

  RecordPtr submit(const FunctionEntry& function, Bytes arguments, std::string name);
  Completions& completions() noexcept { return completions_; }
  bool owns(const TaskRecord& record) const noexcept { return record.owner == directory_; }
  Status status();

  // InterfaceHost
  void task_started(const TaskRef& task, WorkerId worker) override;
  void task_progress(const TaskRef& task, double fraction) override;
  void task_finished(const TaskRef& task, Outcome outcome) override;
  void task_lost(const TaskRef& task, Outcome outcome) override;
  WorkerId worker_joined(WorkerInfo info) override;
  void worker_left(WorkerId worker, std::vector<LostTask> lost) override;
  void no_worker_possible(std::string why) override;
  void room_available() override;
  void post(std::function<void()> call) override { loop_.post(std::move(call)); }
  boost::asio::io_context& io() override { return loop_.io(); }

 private:
  [[noreturn]] void throw_start_error() const;
  void take_submitted();
  void dispatch();
  void dispatch_by_master();
  void dispatch_by_interface();
  void execute(TaskRecord& record, WorkerId worker);
  void started(TaskRecord& record, WorkerId worker);
  void finish(TaskRecord& record, Outcome outcome);
  void lose(TaskRecord& record, Outcome outcome);
  void end_with(TaskRecord& record, TaskState state, Outcome outcome);
  void end_all(TaskState state, const Failure& failure);
  void stop_interface();
  bool is_current(const TaskRef& task) const noexcept;
  /// Runs `call` now on the loop thread, else soon.
  template <class Call>
  void on_loop(Call call);
  void ask_interface(Status& status);

  const std::int64_t born_ns_;
  std::string interface_name_;
  std::shared_ptr<WorkerDirectory> directory_;
  Completions completions_;
  Statistics statistics_;
  scheduler::Scheduler scheduler_;
  std::unique_ptr<Interface> interface_;
  ItemStack submitted_;
  std::atomic<std::uint64_t> last_id_{0};
  std::optional<std::string> no_worker_;  ///< why no worker can run anything
  bool dispatching_ = false;
  bool ending_ = false;
  Loop loop_;
};

}  // namespace mw::detail
