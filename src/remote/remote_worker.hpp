// A worker behind an agent, as its master sees it.
//
// What:    shakes hands, sends it tasks and data files, reports what comes back and what was lost. Bytes are its
//          owner's business.
// Owner:   owned by the backend; holds the tasks that the worker has.
// Threads: the master's loop.
// Use:
//     RemoteWorker worker{owner, {.name = "mpi worker 3", …}};
//     worker.receive(bytes);                                // … owner.worker_ready(worker); host.task_finished(…)
//     worker.send(task);                                    // … owner.worker_has_output(worker)
//     worker.take_output(buffer, limit);
//     worker.lost("its host is silent", failure);
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <mw/interface.hpp>

#include "link/window.hpp"
#include "process/job_control.hpp"
#include "remote/file_feed.hpp"
#include "remote/host_files.hpp"
#include "remote/task_messages.hpp"
#include "wire/frame.hpp"
#include "wire/messages.hpp"
#include "wire/outgoing.hpp"

namespace mw::remote {

class RemoteWorker;

/// Who is told how a remote worker fares.
class RemoteOwner {
 public:
  virtual ~RemoteOwner() = default;
  virtual InterfaceHost& host() const noexcept = 0;
  /// It shook hands; it takes tasks.
  virtual void worker_ready(RemoteWorker& worker) = 0;
  /// It has something to send.
  virtual void worker_has_output(RemoteWorker& worker) = 0;
  /// It is stopped in the middle of a task, or goes on.
  virtual void worker_stopped(RemoteWorker& worker) = 0;
  /// A task is over, and its process lives.
  virtual void task_done(RemoteWorker& /*worker*/, const TaskRef& /*task*/) {}
  /// Its process has ended, and its tasks are reported; its agent starts another.
  virtual void process_ended(RemoteWorker& worker, bool was_ready, const std::string& why) = 0;
};

class RemoteWorker final : private FileUser {
 public:
  struct Options {
    std::string name;            ///< for people: "mpi worker 3"
    bool shares_memory = false;  ///< its agent can open this process's descriptors
    bool shares_files = false;   ///< it sees the files of this machine under the same paths
    Builds builds = Builds::own;
    std::chrono::nanoseconds round_trip{0};
    std::uint32_t cores = 0;                     ///< of its host, that it may use; 0: not known
    Resources resources = {};                    ///< what it has for itself
    std::shared_ptr<HostFiles> host_files = {};  ///< of all workers of its host; null: it gets its own
  };

  RemoteWorker(RemoteOwner& owner, Options options) : owner_{owner}, options_{std::move(options)} {}
  ~RemoteWorker();
  RemoteWorker(const RemoteWorker&) = delete;
  RemoteWorker& operator=(const RemoteWorker&) = delete;

  /// What its agent sent, in pieces of any size. Throws Error where that breaks the protocol: the agent is of no use
  /// then.
  void receive(std::span<const std::byte> bytes);
  /// Appends at most `limit` bytes of what is to be sent. Returns how many.
  std::size_t take_output(Bytes& to, std::size_t limit);
  bool has_output() const noexcept { return !pieces_.empty() && pieces_.front().waits_for == 0; }

  void send(const TaskRef& task);
  /// True if the task had not gone out; else it is asked back, and task_returned() may follow.
  bool take_back(const TaskRef& task);
  /// Ends the task, and with it the process that runs it.
  void abort(const TaskRef& task);
  /// It keeps what it has begun of this task, a chunk of map(): task_split() follows where that is less than all.
  void split(const TaskRef& task);
  /// It is about to leave: it takes nothing more, and what it has not begun goes elsewhere, now or as its agent gives
  /// it back. It may leave when it is not busy.
  void leave();
  /// It takes nothing for now, and what it has not begun goes elsewhere, as with leave(); or it takes tasks again. Also
  /// before it is ready.
  void rest(bool rests);
  bool rests() const noexcept { return rests_; }
  /// No task takes this shared value any more.
  void forget_shared(std::uint64_t number);
  /// Its agent is gone: what it had is reported.
  void lost(const std::string& why, const Failure& failure);
  /// The same, for no fault of any task: what it had goes elsewhere, and counts no loss.
  void left(const std::string& why);

  const std::string& name() const noexcept { return options_.name; }
  bool is_ready() const noexcept { return id_ != any_worker; }
  bool is_busy() const noexcept { return !window_.is_empty(); }
  /// Tasks that it has.
  std::size_t task_count() const noexcept { return window_.size(); }
  WorkerId id() const noexcept { return id_; }
  /// Its process, on its machine.
  std::uint32_t pid() const noexcept { return pid_; }
  bool is_stopped() const noexcept { return is_stopped_ && is_busy(); }
  /// How its last process ended: under which task (0: none), and whether that was asked for, to end a task.
  struct LastEnd {
    std::uint64_t task = 0;
    bool was_asked_for = false;
  };
  const LastEnd& last_end() const noexcept { return last_end_; }
  /// "task 7 (the eels)": what it runs. Only while it is busy.
  std::string doing() const;

 private:
  struct Piece {
    Bytes bytes;
    wire::Payload payload;
    std::unique_ptr<FileFeed> feed;
    std::uint64_t waits_for = 0;  ///< a file that another worker of its host brings; 0: none
    bool is_open() const { return !payload.owner && !feed && waits_for == 0; }
    std::size_t size() const { return bytes.size() + payload.bytes.size(); }
  };

  struct SharedCopy {
    std::uint64_t file = 0;  ///< 0: it opens the value itself
    FileVersion version = {};
  };

  void handle(const wire::Frame& frame);
  void handle_hello(const wire::Hello& hello);
  void handle_gone(wire::FailureMessage message);
  void handle_returned(const wire::Returned& returned);
  void finish_front(Ended ended);
  void finish_from_memory(const wire::Result& result);
  void next_begins();
  void put(const TaskRef& task);
  void put_held();
  void ask_back_unbegun();
  void place_files(wire::Terms& terms);
  void place_shared(wire::Terms& terms);
  void send_file(std::unique_ptr<FileFeed> feed, std::uint64_t file);
  Piece* piece_of(std::uint64_t file);
  const FileVersion* version_of(std::uint64_t file) const;
  void handle_file_missing(std::uint64_t file);
  void bring_file(std::uint64_t file) override;
  void link_file(std::uint64_t file, const std::string& path) override;
  void skip_file(std::uint64_t file) override;
  bool is_unsent(const TaskRef& task) const;
  Bytes& tail();
  void report_end(const TaskRef& culprit, Outcome outcome, const std::string& why);

  RemoteOwner& owner_;
  const Options options_;
  WorkerId id_ = any_worker;
  wire::FrameReader reader_;
  link::Window<TaskRef> window_{0};
  HeldMeasures held_measures_;
  std::uint32_t pid_ = 0;
  bool is_stopped_ = false;
  bool rests_ = false;
  LastEnd last_end_;
  std::optional<process::FollowsStops> follows_stops_;  ///< where the process is one of this machine
  std::deque<Piece> pieces_;
  std::size_t taken_ = 0;  ///< of the first piece
  std::uint64_t last_file_ = 0;
  std::map<FileVersion, std::uint64_t> files_;
  std::map<std::uint64_t, SharedCopy> shared_;  ///< values that it was given, by number
  bool brings_all_ = false;                     ///< it cannot have files that others of its host have
};

}  // namespace mw::remote
