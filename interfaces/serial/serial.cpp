#include <mw/serial.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "log/log.hpp"
#include "process/deep_thread.hpp"
#include "process/place.hpp"
#include "process/shortage.hpp"
#include "worker/limits.hpp"
#include "worker/progress_sink.hpp"
#include "worker/surroundings.hpp"
#include "worker/task_folder.hpp"
#include "worker/thread_output.hpp"

namespace mw {

/// One thread, one queue.
struct SerialInterface::Runner final : worker::ProgressSink {
  explicit Runner(InterfaceHost& master) : host{master} {
    thread = process::DeepThread{[this] { run(); }};
  }

  void run() {
    worker::Surroundings surroundings{worker::Scope::thread, worker::own_working_directory()};
    worker::ThreadOutput output;
    worker::set_thread_progress_sink(this);
    while ((current = next_task())) {
      host.task_started(current, id);
      output.begin();
      Outcome outcome = run_on_terms(current);
      if (const auto failure = surroundings.put_back(outcome.run_time)) log::warn("serial: " + *failure);
      worker::PrintedOutput printed = output.end();
      outcome.out = std::move(printed.out);
      outcome.err = std::move(printed.err);
      host.task_finished(std::exchange(current, {}), std::move(outcome));  // its memory may go
    }
    stopped();
  }

  static Outcome run_on_terms(const TaskRef& task) {
    const TaskOptions& options = task.options();
    try {
      std::optional<worker::TaskFolder> folder;
      if (!options.files.empty()) folder.emplace(options.files);
      const worker::TaskLimits limits{{options.soft_limit, options.hard_limit, options.memory_limit}, worker::Scope::thread};
      return run_here(task);
    } catch (const worker::StagingError& e) {
      return worker::staging_failed(e);
    }
  }

  /// Waits for one; an empty one when it is time to stop.
  TaskRef next_task() {
    std::unique_lock lock{mutex};
    busy = false;
    woken.wait(lock, [this] { return stopped || !queue.empty(); });
    if (stopped) return {};
    TaskRef task = std::move(queue.front());
    queue.pop_front();
    busy = true;
    return task;
  }

  void progress(double fraction) override { host.task_progress(current, fraction); }

  InterfaceHost& host;
  WorkerId id = any_worker;  ///< set before the first task comes
  TaskRef current;           ///< the runner thread's
  std::mutex mutex;          ///< guards what follows
  std::condition_variable woken;
  std::deque<TaskRef> queue;
  bool busy = false;
  std::function<void()> stopped;
  process::DeepThread thread;  ///< joined first
};

SerialInterface::SerialInterface() = default;
SerialInterface::SerialInterface(SerialInterface&&) noexcept = default;
SerialInterface::~SerialInterface() = default;

void SerialInterface::start() {
  runner_ = std::make_unique<Runner>(host());
  runner_->id = host().worker_joined({"serial worker", process::host_name(), 1, 0});
}

void SerialInterface::execute_task(const TaskRef& task, WorkerId worker) {
  if (worker != runner_->id)
    throw UnknownWorker{fmt::format("serial: task {} came for worker number {}; its only one is number {}", task.id(),
                                    index_of(worker), index_of(runner_->id))};
  std::lock_guard lock{runner_->mutex};
  runner_->queue.push_back(task);
  runner_->woken.notify_one();
}

StatusMap SerialInterface::get_status() {
  std::lock_guard lock{runner_->mutex};
  return {{"workers", std::int64_t{1}}, {"workers_busy", std::int64_t{runner_->busy}}};
}

void SerialInterface::stop(std::function<void()> stopped) {
  if (!runner_) return stopped();  // its thread could not be started
  std::lock_guard lock{runner_->mutex};
  runner_->stopped = std::move(stopped);
  runner_->woken.notify_one();
}

}  // namespace mw
