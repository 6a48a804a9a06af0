// A node's connection, as its master sees it.
//
// What:    greets the node, sends it the program, keeps a RemoteWorker for each of its slots and moves their streams.
//          It says how the node fares to its owner, the star.
// Owner:   owned by the star; owns the channel and the workers.
// Threads: the master's loop.
// Use:
//     auto session = std::make_unique<NodeSession>(star, std::move(socket));
//     session->start();                                     // … star.worker_ready(session, worker)
//     session->flush();
//     session->say_bye();                                   // or, once: star.node_gone(session, …)
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <mw/interface.hpp>
#include <mw/tcp.hpp>

#include "channel/channel.hpp"
#include "process/timer.hpp"
#include "remote/host_files.hpp"
#include "remote/remote_worker.hpp"
#include "remote/worker_streams.hpp"
#include "tcp/build_shelf.hpp"
#include "tcp/slot_wants.hpp"
#include "wire/node_messages.hpp"

namespace mw::tcp {

class NodeSession;

/// "tcp worker pi1/3": the third slot of pi1.
std::string worker_name(const std::string& node, std::uint32_t slot);

/// Who is told how a node fares.
class NodeOwner {
 public:
  virtual ~NodeOwner() = default;
  virtual InterfaceHost& host() const noexcept = 0;
  virtual const TcpOptions& options() const noexcept = 0;
  virtual BuildShelf& builds() noexcept = 0;
  /// The key of whoever calls itself so; nothing if that is no node's name.
  virtual std::optional<tls::Key> find_key(std::string_view identity) const = 0;
  /// A name that no other node has, made of this one.
  virtual std::string unique_name(const std::string& wish) const = 0;
  /// It has shaken hands: it counts as half open no more.
  virtual void node_greeted(NodeSession& node) = 0;
  virtual void worker_ready(NodeSession& node, remote::RemoteWorker& worker) = 0;
  virtual void worker_gone(NodeSession& node, remote::RemoteWorker& worker, bool was_ready, const std::string& why) = 0;
  /// A task is over, after allow() has said that this matters.
  virtual void task_done(NodeSession& node) = 0;
  virtual void has_output(NodeSession& node) = 0;
  /// It has other masters, too, and is to be told what waits here; or it has not any more.
  virtual void node_shared(NodeSession& node, bool is_shared) = 0;
  /// The connection is over, and what the node had is reported. It may be removed, but not within this call.
  virtual void node_gone(NodeSession& node, const std::string& why) = 0;
  /// It cannot be taken, and was told why; or it cannot run the program, and has said why.
  virtual void node_refused(NodeSession& node, const std::string& why) = 0;
};

class NodeSession final : private channel::ChannelUser, private remote::RemoteOwner {
 public:
  NodeSession(NodeOwner& owner, channel::Channel::Socket socket);
  ~NodeSession() override;

  void start() { channel_->start(); }
  /// Sends what its workers have to say.
  void flush();
  void forget_shared(std::uint64_t number);
  /// So many tasks wait that any worker may have, and one for this worker alone (any_worker: none does).
  void tasks_wait(std::size_t tasks, WorkerId resting);
  /// So many of its workers may be given tasks. `awaits_success`: its owner is to hear when a task is over.
  void allow(std::size_t workers, bool awaits_success);
  bool is_limited() const noexcept { return allowed_ != SIZE_MAX; }
  /// Its connection ended under tasks, and nobody had said so before.
  bool was_lost_with_tasks() const noexcept { return was_lost_with_tasks_; }
  /// All is done: the node's workers end.
  void say_bye();
  /// It is not needed: it is given nothing more, finishes what it has, and ends.
  void let_go();
  bool was_let_go() const noexcept { return was_let_go_; }
  /// A task goes to one of its workers.
  void note_use() noexcept { was_used_ = true; }
  /// Whether it was given nothing since the last call, has nothing to do, and has no worker that would be missed.
  bool take_idle();
  /// Ends it at once, for this reason; its owner hears of it as of any other end.
  void end(const std::string& why);

  /// "pi1"; before its hello, its address.
  const std::string& name() const noexcept { return name_; }
  /// "the node pi1 (192.168.1.7:41234)"
  std::string text() const;
  bool is_greeted() const noexcept { return phase_ != Phase::greeting; }
  bool is_over() const noexcept { return phase_ == Phase::over; }
  std::uint32_t slots() const noexcept { return static_cast<std::uint32_t>(workers_.size()); }
  /// Why not all of its slots are ready; empty if they are, or if it is over.
  std::string what_is_missing() const;
  /// What its master does not know of its workers.
  void report_workers(std::vector<WorkerReport>& list) const;

 private:
  enum class Phase { greeting, sending_build, running, over };
  struct Slot {
    std::unique_ptr<remote::RemoteWorker> worker;
    bool failed_to_start = false;
    bool is_lent = false;
    std::string why;
  };

  // channel::ChannelUser
  void frame(const wire::Frame& frame) override;
  void has_room() override { flush(); }
  void closed(const std::string& why) override;

  // remote::RemoteOwner
  InterfaceHost& host() const noexcept override { return owner_.host(); }
  void worker_ready(remote::RemoteWorker& worker) override;
  void worker_has_output(remote::RemoteWorker& worker) override;
  void worker_stopped(remote::RemoteWorker& worker) override;
  void task_done(remote::RemoteWorker& worker, const TaskRef& task) override;
  void process_ended(remote::RemoteWorker& worker, bool was_ready, const std::string& why) override;

  void handle_hello(const wire::NodeHello& hello);
  void handle_wanted(const wire::BuildWanted& wanted);
  void refuse(const std::string& why);
  void be_refused(const std::string& why);
  void handle_bye();
  void start_leaving();
  bool is_busy() const;
  void handle_slot_lent(const wire::SlotLent& lent);
  void handle_shared(bool is_shared);
  wire::SlotsWanted wanted() const;
  void say_wanted();
  void rest_workers();
  void leave_if_idle();
  void send_build();
  void start_workers();
  Slot& slot_of(std::uint32_t number);
  Slot& slot_of(const remote::RemoteWorker& worker);

  NodeOwner& owner_;
  std::shared_ptr<channel::Channel> channel_;
  Phase phase_ = Phase::greeting;
  bool leaves_ = false;  ///< it was told to stop, and has tasks that run
  bool was_let_go_ = false;
  bool was_used_ = false;
  std::string name_;
  wire::NodeHello hello_;
  std::shared_ptr<const Build> build_;
  std::uint64_t build_sent_ = 0;
  std::shared_ptr<remote::HostFiles> files_;
  std::vector<Slot> workers_;  ///< by slot; number 1 is the first
  std::unordered_map<const remote::RemoteWorker*, std::uint32_t> number_of_;
  remote::WorkerStreams streams_;
  std::size_t allowed_ = SIZE_MAX;  ///< workers that may be given tasks
  bool awaits_success_ = false;
  bool was_lost_with_tasks_ = false;
  bool is_shared_ = false;
  std::size_t waiting_ = 0;        ///< tasks that any worker may have
  WorkerId awaited_ = any_worker;  ///< a worker at rest that a task waits for
  SlotWants wants_;
  process::Timer wants_timer_;
  const std::shared_ptr<bool> is_there_ = std::make_shared<bool>(true);  ///< goes with it
};

}  // namespace mw::tcp
