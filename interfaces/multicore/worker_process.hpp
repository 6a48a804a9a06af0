// One worker process: its life, its socket, its tasks.
//
// What:    starts this program as a worker, shakes hands, sends it tasks and reports what comes back; notices its death.
// Owner:   owned by the pool; owns the process, the socket and the files its output goes to.
// Threads: the master's loop.
// Use:
//     auto worker = std::make_shared<WorkerProcess>(pool, slot);
//     worker->start();                       // … pool.worker_ready(*worker)
//     worker->send(task);                    // … host.task_finished(task, outcome)
//     worker->stop();                        // … pool.worker_ended(*worker)
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <mw/interface.hpp>
#include <mw/multicore.hpp>

#include "multicore/outgoing.hpp"
#include "process/child.hpp"
#include "process/oom.hpp"
#include "process/stop_ladder.hpp"
#include "process/unique_fd.hpp"
#include "wire/frame.hpp"
#include "wire/messages.hpp"
#include "worker/claim_page.hpp"

namespace mw::multicore {

class WorkerProcess;

/// Who is told how a worker process fares.
class WorkerOwner {
 public:
  virtual ~WorkerOwner() = default;
  virtual InterfaceHost& host() const noexcept = 0;
  virtual const MulticoreOptions& options() const noexcept = 0;
  /// It shook hands; it takes tasks.
  virtual void worker_ready(WorkerProcess& worker) = 0;
  /// It has something to send, which goes out with the flush at the end of this round.
  virtual void worker_has_output(WorkerProcess& worker) = 0;
  /// It is gone and reaped, and its tasks are reported. `why` says how, for people.
  virtual void worker_ended(WorkerProcess& worker, const std::string& why) = 0;
};

class WorkerProcess : public std::enable_shared_from_this<WorkerProcess> {
 public:
  WorkerProcess(WorkerOwner& owner, unsigned slot);

  /// Throws InterfaceError if the process can not be started.
  void start();
  /// Takes the task; it goes out with the next flush().
  void send(const TaskRef& task);
  void flush();
  /// True if the task had not begun; it never will.
  bool take_back(const TaskRef& task);
  /// Ends the task that it runs, and with it the process and its group, at once.
  void abort(const TaskRef& task);
  /// Walks down the stop ladder: closes its input, waits, SIGTERM, waits, SIGKILL.
  void stop();

  unsigned slot() const noexcept { return slot_; }
  bool was_ready() const noexcept { return id_ != any_worker; }
  bool is_busy() const noexcept { return !in_flight_.empty(); }
  /// Its end was asked for: nobody's loss.
  bool was_aborted() const noexcept { return static_cast<bool>(aborted_); }
  WorkerId id() const noexcept { return id_; }

 private:
  struct InFlight {
    TaskRef task;
    std::uint64_t number;   ///< on the claim page
    bool unwanted = false;  ///< to be ended as soon as it is known to have begun
  };

  process::Command command(int socket) const;
  void await_hello();
  void read();
  void handle_frames();
  void handle(const wire::Frame& frame);
  void handle_hello(const wire::Hello& hello);
  void finish_front(std::uint64_t id, std::uint32_t attempt, Outcome outcome);
  Bytes receive_value(std::span<const std::byte> in_place);
  void next_begins();
  void put(const TaskRef& task);
  void put_held();
  void wait_for_room();
  void kill(std::string why);
  void climb_down();
  void died(const process::Death& death);
  void end_if_over();
  TaskRef last_begun();
  void report_end();

  WorkerOwner& owner_;
  const unsigned slot_;
  WorkerId id_ = any_worker;
  int pid_ = 0;
  std::optional<process::Child> child_;
  boost::asio::local::stream_protocol::socket socket_;
  boost::asio::steady_timer timer_;
  process::UniqueFd printed_out_;
  process::UniqueFd printed_err_;
  wire::FrameReader reader_;
  std::deque<process::UniqueFd> descriptors_;
  std::optional<worker::ClaimPage> claims_;
  std::deque<InFlight> in_flight_;  ///< in the order in which the worker runs them; the first one runs
  std::deque<TaskRef> held_;        ///< for which the claim page has no place yet
  std::uint64_t next_number_ = 0;
  Outgoing outgoing_;
  bool waits_for_room_ = false;
  TaskRef aborted_;
  bool has_files_ = false;
  std::optional<process::StopSequence> stop_sequence_;
  std::optional<process::Death> death_;
  std::string kill_reason_;
  bool stream_over_ = false;
  bool ended_ = false;
};

}  // namespace mw::multicore
