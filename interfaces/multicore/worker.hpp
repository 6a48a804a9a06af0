// One worker: a process, and the tasks it has.
//
// What:    shakes hands, sends it tasks and reports what comes back; says what was lost when it died.
// Owner:   owned by the pool; owns the process.
// Threads: the master's loop.
// Use:
//     auto worker = std::make_shared<Worker>(pool, slot);
//     worker->start();                       // … pool.worker_ready(*worker)
//     worker->send(task);                    // … host.task_finished(task, outcome)
//     worker->stop();                        // … pool.worker_ended(*worker)
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_set>

#include <mw/interface.hpp>
#include <mw/multicore.hpp>

#include "link/window.hpp"
#include "link/worker_process.hpp"
#include "remote/task_messages.hpp"
#include "wire/messages.hpp"

namespace mw::multicore {

class Worker;

/// "multicore worker 3"
std::string worker_name(unsigned slot);

/// Who is told how a worker fares.
class WorkerOwner {
 public:
  virtual ~WorkerOwner() = default;
  virtual InterfaceHost& host() const noexcept = 0;
  virtual const MulticoreOptions& options() const noexcept = 0;
  /// Folder, variables and umask of the first workers: so their successors begin, too.
  virtual const std::shared_ptr<const process::Origin>& origin() const noexcept = 0;
  /// What the worker of this slot, 1 or more, has.
  virtual const Resources& share_of(unsigned slot) const noexcept = 0;
  /// It shook hands; it takes tasks.
  virtual void worker_ready(Worker& worker) = 0;
  /// It has something to send, which goes out with the flush at the end of this round.
  virtual void worker_has_output(Worker& worker) = 0;
  /// It is stopped in the middle of a task, or goes on.
  virtual void worker_stopped(Worker& worker) = 0;
  /// It is gone and reaped, and its tasks are reported. `why` says how, for people.
  virtual void worker_ended(Worker& worker, const std::string& why) = 0;
};

class Worker final : public link::WorkerUser {
 public:
  Worker(WorkerOwner& owner, unsigned slot);

  /// Throws InterfaceError if the process cannot be started.
  void start() { process_->start(); }
  /// Takes the task; it goes out with the next flush().
  void send(const TaskRef& task);
  void flush() { process_->flush(); }
  /// True if the task had not begun; it never will.
  bool take_back(const TaskRef& task);
  /// It keeps what it has begun of this task, a chunk of map().
  void split(const TaskRef& task);
  /// Ends the task that it runs, and with it the process and its group, at once.
  void abort(const TaskRef& task);
  /// Goes out with the next flush(), if it was sent tasks that take this shared value.
  void forget_shared(std::uint64_t number);
  void stop() { process_->stop(); }
  /// It takes nothing more, gives back what it has not begun and others may have, and ends when it has done the rest.
  void leave();
  bool leaves() const noexcept { return leaves_; }

  unsigned slot() const noexcept { return slot_; }
  bool was_ready() const noexcept { return id_ != any_worker; }
  bool is_busy() const noexcept { return !window_.is_empty(); }
  WorkerId id() const noexcept { return id_; }
  bool is_stopped() const noexcept { return is_stopped_; }
  /// "multicore worker 3 (process 71)".
  std::string text() const;
  /// "task 7 (the eels)": what it runs. Only while it is busy.
  std::string doing() const { return remote::text_of(window_.front()); }
  int pid() const noexcept { return process_->pid(); }

  // link::WorkerUser
  void frame(const wire::Frame& frame) override;
  void ended(const link::WorkerEnd& end) override;
  bool awaits() const override { return is_busy(); }
  void stopped(bool is_stopped) override;

 private:
  void handle_hello(const wire::Hello& hello);
  void finish_front(remote::Ended ended);
  void finish_from_block(const wire::Result& result);
  void next_begins();
  void put(const TaskRef& task, std::uint64_t number);
  void prepare(wire::Terms& terms, const TaskRef& task);
  void put_held();
  void stop_if_done();
  /// Whether a task had not begun, and never will.
  auto claims() {
    return [this](std::uint64_t number) { return process_->claims().take_back(number); };
  }

  WorkerOwner& owner_;
  const unsigned slot_;
  WorkerId id_ = any_worker;
  std::shared_ptr<link::WorkerProcess> process_;
  link::Window<TaskRef> window_{worker::ClaimPage::places};
  remote::HeldMeasures held_measures_;
  std::unordered_set<std::uint64_t> shared_;  ///< values that tasks of it took, and that still exist
  bool is_stopped_ = false;
  bool leaves_ = false;
  bool claims_tasks_ = true;  ///< on the page; one that holds one task at a time need not
};

}  // namespace mw::multicore
