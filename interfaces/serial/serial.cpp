#include <mw/codec.hpp>
#include <mw/detail/task_access.hpp>
#include <mw/serial.hpp>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "log/log.hpp"
#include "process/deep_thread.hpp"
#include "process/place.hpp"
#include "process/shortage.hpp"
#include "resources/machine.hpp"
#include "resources/shares.hpp"
#include "wire/messages.hpp"
#include "worker/checkpoint.hpp"
#include "worker/progress_sink.hpp"
#include "worker/run_on_terms.hpp"
#include "worker/surroundings.hpp"
#include "worker/task_folder.hpp"
#include "worker/thread_output.hpp"

namespace mw {
namespace {

/// Short tasks that lie in the queue while one runs: the thread need not wait for the master after each.
constexpr std::uint32_t most_ahead = 100;

/// One thread, one queue.
class Serial final : public Interface, private worker::ProgressSink {
 public:
  Scheduling scheduling() const override { return Scheduling::by_master; }
  std::string name() const override { return "serial"; }

  /// A start() that has failed need not be followed by stop().
  ~Serial() override {
    std::lock_guard lock{mutex_};
    if (!stopped_) stopped_ = [] {};
    woken_.notify_one();
  }

  void start() override {
    thread_ = process::DeepThread{[this] { run(); }};
    has_thread_ = true;
    // It has what the machine has, GPUs included: nothing is hidden from the functions of this process.
    const resources::Machine machine = resources::machine_here(std::nullopt);
    id_ = host().worker_joined({.name = "serial worker",
                                .host = process::host_name(),
                                .ahead = most_ahead,
                                .resources = resources::shares_of(machine, {}, 1).front()});
  }

  void execute_task(const TaskRef& task, WorkerId worker) override {
    if (worker != id_)
      throw UnknownWorker{fmt::format("serial: task {} came for worker number {}; its only one is number {}", task.id(),
                                      index_of(worker), index_of(id_))};
    std::lock_guard lock{mutex_};
    queue_.push_back({task, TaskAccess::checkpoint(task)});
    woken_.notify_one();
  }

  bool revoke_task(const TaskRef& task, WorkerId) override {
    std::lock_guard lock{mutex_};
    return std::erase_if(queue_, [&](const Given& one) { return one.task == task; }) != 0;
  }

  void scale(std::uint32_t) override {
    throw UsageError{"serial: its one worker is a thread of this program; multicore:N has N workers"};
  }

  void stop(std::function<void()> stopped) override {
    if (!has_thread_) return stopped();  // it could not be started
    std::lock_guard lock{mutex_};
    stopped_ = std::move(stopped);
    woken_.notify_one();
  }

 private:
  /// A task, and what it has saved.
  struct Given {
    TaskRef task;
    std::shared_ptr<const Bytes> checkpoint;
    explicit operator bool() const noexcept { return static_cast<bool>(task); }
  };

  void run() {
    worker::Surroundings surroundings{worker::Scope::thread, worker::own_working_directory()};
    worker::ThreadOutput output;
    worker::set_thread_progress_sink(this);
    while (Given given = next_task()) {
      current_ = std::move(given.task);
      host().task_started(current_, id_);
      output.begin();
      Outcome outcome = run_current(given.checkpoint.get());
      if (const auto failure = surroundings.put_back(outcome.run_time)) log::warn("serial: " + *failure);
      worker::PrintedOutput printed = output.end();
      if (current_.options().emit_stdout && !printed.out.empty()) part(encode(printed.out));
      outcome.out = std::move(printed.out);
      outcome.err = std::move(printed.err);
      host().task_finished(std::exchange(current_, {}), std::move(outcome));  // its memory may go
    }
    stopped_();
  }

  Outcome run_current(const Bytes* checkpoint) {
    const auto last = checkpoint ? checkpoint->span() : std::span<const std::byte>{};
    const worker::CheckpointScope checkpoints{*this, current_.options().checkpoint_interval, last};
    return run_on_terms(current_);
  }

  static Outcome run_on_terms(const TaskRef& task) {
    wire::Terms terms = wire::terms_of(task.options());
    if (terms.empty()) return run_here(task);
    terms.outputs_folder = TaskAccess::outputs_folder(task);
    return worker::run_on_terms(terms, worker::Scope::thread, [&] { return run_here(task); });
  }

  /// Waits for one; an empty one when it is time to stop.
  Given next_task() {
    std::unique_lock lock{mutex_};
    woken_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
    if (stopped_) return {};
    Given next = std::move(queue_.front());
    queue_.pop_front();
    return next;
  }

  void progress(double fraction) override { host().task_progress(current_, fraction); }
  void part(Bytes value) override { host().task_part(current_, std::move(value)); }
  void checkpoint(std::span<const std::byte> state) override { host().task_checkpoint(current_, Bytes{state}); }
  void note(const std::string& text) override { log::warn(fmt::format("serial: task {}: {}", current_.id(), text)); }

  WorkerId id_ = any_worker;  ///< set before the first task comes
  TaskRef current_;           ///< the thread's
  std::mutex mutex_;          ///< guards what follows
  std::condition_variable woken_;
  std::deque<Given> queue_;
  std::function<void()> stopped_;
  bool has_thread_ = false;
  process::DeepThread thread_;  ///< joined first
};

}  // namespace

SerialInterface::SerialInterface() : InterfaceHandle{std::make_unique<Serial>()} {}

}  // namespace mw
