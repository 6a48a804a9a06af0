// An agent: it stands for a master towards one worker process on this machine.
//
// What:    keeps a worker process running, passes on what its master sends and, once it was checked, what it answers;
//          ends it when asked or when it breaks the protocol, says how it died, and starts the next. Data files that
//          come from the master are kept here; large payloads go through shared memory where the master is on this
//          machine.
// Owner:   owns the process.
// Threads: one: where the io_context runs.
// Use:
//     Agent agent{io, options};
//     agent.start();
//     agent.receive(bytes);                                 // from the master, in pieces of any size
//     agent.flush();                                        // after one or several
//     while (auto bytes = agent.next_output()) send(*bytes);
//     agent.stop([] { … });
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include <mw/bytes.hpp>

#include "agent/file_store.hpp"
#include "agent/lent_blocks.hpp"
#include "link/window.hpp"
#include "link/worker_process.hpp"
#include "process/back_off.hpp"
#include "process/timer.hpp"
#include "wire/frame_relay.hpp"
#include "wire/messages.hpp"

namespace mw::memory {
class NoRoomError;
}

namespace mw::agent {

struct AgentOptions {
  link::WorkerProgram program;
  /// Where files that come are kept, and where the worker sees that folder; empty: in this process's own, and there.
  std::string files_folder = {}, files_seen_as = {};
  bool shares_memory = false;  ///< the master can open this process's descriptors, and this one the master's
};

class Agent final : private link::WorkerUser, private wire::FrameRelay::Target {
 public:
  Agent(boost::asio::io_context& io, AgentOptions options);
  ~Agent() override;

  /// Starts the worker; if that is not possible, says so to the master and tries again.
  void start();
  /// Throws wire::ProtocolError for bytes that no master sends.
  void receive(std::span<const std::byte> bytes) { relay_.receive(bytes, *this); }
  /// What was received goes to the worker.
  void flush();
  /// The next piece for the master; empty if there is none now.
  std::optional<Bytes> next_output();
  bool has_output() const noexcept { return !output_.empty(); }
  /// Bytes that wait for the worker to read.
  std::size_t backlog() const noexcept;
  bool is_busy() const noexcept { return !window_.is_empty(); }
  /// Whether its worker may begin tasks; it may at first. If not, what it has not begun is given back, and what comes,
  /// too.
  void lend(bool is_lent);
  /// Whether a task may be running here: its worker holds one, and is not known to have ended.
  bool holds_task() const noexcept { return process_ && is_busy(); }
  /// Its master takes its worker for ready.
  bool is_ready() const noexcept { return is_welcome_; }
  /// Ends the worker, gently first, then calls `stopped`.
  void stop(std::function<void()> stopped);

 private:
  /// A task, of which this side knows nothing else.
  struct Given {
    wire::TaskOf which;
    std::uint64_t id() const noexcept { return which.id; }
    std::uint32_t attempt() const noexcept { return which.attempt; }
  };

  // wire::FrameRelay::Target: from the master
  bool plain_task(std::uint64_t id, std::uint32_t attempt) override;
  void pass(std::span<const std::byte> bytes) override;
  void whole(const wire::Frame& frame) override;
  bool is_answer_to_this_one();
  bool takes(std::uint64_t id, std::uint32_t attempt);
  void handle_file_piece(const wire::FilePiece& piece);
  void handle_file_link(const wire::FileLink& link);
  void handle_task(wire::Task task);
  void handle_task_in_memory(wire::Task task);
  void handle_cancel(const wire::Cancel& cancel);
  void handle_split(wire::Split split);
  void handle_forget(const wire::Forget& forget);

  // link::WorkerUser: from the worker
  void frame(const wire::Frame& frame) override;
  void ended(const link::WorkerEnd& end) override;
  bool awaits() const override { return is_busy(); }
  void stopped(bool is_stopped) override { wire::append(output_tail(), wire::Stopped{is_stopped}); }

  void start_worker();
  void start_again(std::chrono::nanoseconds delay);
  void begin(std::uint64_t id, std::uint32_t attempt);
  void pass_on(const wire::Frame& frame);
  void check_is_next(std::uint64_t id, std::uint32_t attempt) const;
  void finish_front(std::uint64_t id, std::uint32_t attempt);
  void next_begins();
  void give_back(const Given& task);
  void pass_result_apart(const wire::Frame& frame);
  void finish_without_value(const wire::Result& result, const memory::NoRoomError& why);
  Bytes& output_tail();
  void report_gone(const Given& culprit, Failure failure, const std::string& out, const std::string& err);

  boost::asio::io_context& io_;
  const AgentOptions options_;
  wire::FrameRelay relay_;
  FileStore files_;
  LentBlocks lent_;
  std::shared_ptr<link::WorkerProcess> process_;
  std::shared_ptr<link::WorkerProcess> ended_process_;  ///< kept until the next one starts
  bool said_hello_ = false;
  bool claims_tasks_ = true;  ///< on the page; a worker that holds one task at a time need not
  unsigned unanswered_hellos_ = 0;
  bool is_lent_ = true;
  bool is_welcome_ = false;  ///< the master knows this worker: what it sends is for it, not for the one before
  link::Window<Given> window_{worker::ClaimPage::places};
  process::BackOff starts_ = process::worker_starts;
  std::deque<Bytes> output_;
  process::Timer again_;
  std::function<void()> stopped_;
};

}  // namespace mw::agent
