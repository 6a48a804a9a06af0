// A worker process on this machine: its life and its socket.
//
// What:    starts a program as a worker, cuts what it says into frames, writes what it is to hear, notices its death.
//          What the frames mean is its user's business.
// Owner:   a shared_ptr, and what waits on the io_context; owns the process, the socket and the channels its output
//          goes through.
// Threads: one at a time: where the io_context runs. start() in a thread that lives as long as the worker should
//          (Child).
// Use:
//     auto process = std::make_shared<WorkerProcess>(io, user, program);
//     process->start();                                     // … user.frame(frame)
//     wire::append(process->outgoing().tail(), message);
//     process->flush();
//     process->stop();                                      // … user.ended(end)
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/local/stream_protocol.hpp>

#include "process/child.hpp"
#include "process/offspring.hpp"
#include "process/stop_ladder.hpp"
#include "process/timer.hpp"
#include "process/unique_fd.hpp"
#include "wire/frame.hpp"
#include "wire/outgoing.hpp"
#include "worker/claim_page.hpp"
#include "worker/output_channel.hpp"

namespace mw::link {

/// Where a worker process lives that is not to see all that this one sees: a sandbox, say.
class Lodging {
 public:
  virtual ~Lodging() = default;
  /// As Child::start(). The child that is returned may stand for the worker: its end is the worker's, and the other way
  /// round.
  virtual process::Child start(boost::asio::io_context& io, const process::Command& command) = 0;
  /// How the worker ended, of whose child this was seen.
  virtual process::Death death_inside(process::Death death) const = 0;
  /// It has ended: nothing of it is needed any more.
  virtual void left() noexcept = 0;
};

/// What is started.
struct WorkerProgram {
  std::string path = "/proc/self/exe";  ///< this very program, even if its file was replaced meanwhile
  std::vector<std::string> arguments = {
      "(worker)"};   ///< for people who look at ps; where `path` is an emulator, first what it runs
  std::string name;  ///< argv[0]
  /// Names that do not reach the worker: no setting, and no secret, of ours travels this way.
  std::vector<std::string> environment_unset = {"MW_*"};
  std::shared_ptr<Lodging> lodging;  ///< null: it lives beside this process
  /// What its predecessors began with; null: what this process has now.
  std::shared_ptr<const process::Origin> origin;
  std::string workunit_folder;  ///< of the workunit that it computes for: its results are compared with other hosts'; empty: none
  std::chrono::milliseconds checkpoint_interval{60'000};
  std::vector<std::pair<std::string, std::string>> environment_set = {};  ///< what else it finds there
  unsigned threads = 0;  ///< that a task should use (OMP_NUM_THREADS); 0: as the environment says
  process::StopLadder ladder = {};
  std::chrono::milliseconds handshake_limit{30'000};  ///< how long it may take until its first words
  /// How long it may fall silent in the middle of what it says; and how long it may be stopped while it is awaited,
  /// until its user hears of that.
  std::chrono::milliseconds silence_limit{30'000};
};

/// How a worker process came to its end.
struct WorkerEnd {
  int pid = 0;
  process::Death death;
  std::string kill_reason;  ///< why it was killed here; empty if it was not
  std::string out;          ///< what it printed since its last result
  std::string err;
  /// "process 17 ended with signal 9 (Killed)", for people.
  std::string text() const;
  /// Whether what it was to do next may have ended it, even if it had not begun: it ended by itself, crashed, ran out
  /// of memory, or said nonsense. Else somebody has ended it from outside.
  bool broke_down() const noexcept;
};

class WorkerUser {
 public:
  virtual ~WorkerUser() = default;
  /// A frame came; it is valid during the call. What it throws as mw::Error breaks the protocol: the process is killed.
  virtual void frame(const wire::Frame& frame) = 0;
  /// Whether it has something to do.
  virtual bool awaits() const { return false; }
  /// It is awaited, and has been stopped (SIGSTOP, a debugger) for as long as its silence limit; or it is not any more.
  virtual void stopped(bool /*is_stopped*/) {}
  /// The process is gone and reaped, and all it wrote was given to frame(). Once.
  virtual void ended(const WorkerEnd& end) = 0;
};

class WorkerProcess : public std::enable_shared_from_this<WorkerProcess> {
 public:
  /// The user outlives the process.
  WorkerProcess(boost::asio::io_context& io, WorkerUser& user, WorkerProgram program);

  /// Throws InterfaceError if the process cannot be started.
  void start();
  /// It shook hands: it may take as long as it likes from here on.
  void greeted();

  wire::Outgoing& outgoing() noexcept { return outgoing_; }
  worker::ClaimPage& claims() noexcept { return *claims_; }
  /// Writes what is outgoing, now or when the socket has room.
  void flush();
  /// The next descriptor that came. Throws wire::ProtocolError if there is none.
  process::UniqueFd take_descriptor();

  /// SIGKILL for it and its group, at once.
  void kill(std::string why);
  /// A signal for the process, its group, and the group of the program that it runs.
  void signal_all(int signal);
  /// Walks down the stop ladder: closes its input, waits, SIGTERM, waits, SIGKILL. With a reason, that is what ended
  /// it.
  void stop(std::string why = {});

  int pid() const noexcept { return pid_; }
  /// Stopped by a signal, or by a debugger.
  bool is_stopped() const;
  /// It was given data files: their folder is removed when it has died.
  void expect_folder() noexcept { has_folder_ = true; }

 private:
  process::Command command(int socket) const;
  void await_greeting();
  void read();
  bool take_what_is_there();
  void stream_ended();
  void handle_frames();
  void watch_frame();
  void set_frame_timer();
  void judge_silence();
  void watch_stops();
  void look_whether_stopped();
  void wait_for_room();
  void climb_down();
  void died(const process::Death& death);
  void end_if_over();

  boost::asio::io_context& io_;
  WorkerUser& user_;
  const WorkerProgram program_;
  int pid_ = 0;
  std::optional<process::Child> child_;
  boost::asio::local::stream_protocol::socket socket_;
  process::Timer timer_;
  process::Timer frame_timer_;                        ///< runs while a frame has begun and not ended
  std::chrono::steady_clock::time_point last_bytes_;  ///< of such a frame
  bool frame_timer_runs_ = false;
  process::Timer stop_timer_;
  int looks_while_stopped_ = 0;  ///< in a row
  worker::OutputChannel printed_out_;
  worker::OutputChannel printed_err_;
  wire::FrameReader reader_;
  std::deque<process::UniqueFd> descriptors_;
  std::optional<worker::ClaimPage> claims_;
  std::optional<process::Offspring> offspring_;
  wire::Outgoing outgoing_;
  bool is_greeted_ = false;
  bool has_spoken_ = false;  ///< a whole frame has come
  bool waits_for_room_ = false;
  bool has_folder_ = false;
  std::optional<process::StopSequence> stop_sequence_;
  std::optional<process::Death> death_;
  std::string kill_reason_;
  bool stream_over_ = false;
  bool ended_ = false;
};

}  // namespace mw::link
