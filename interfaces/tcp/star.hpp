// The star: one master, and the nodes that have joined it.
//
// What:    listens, lets nodes in that have the key, hands tasks to their workers. A node that goes takes its workers
//          along; a new one brings new ones.
// Owner:   owns the sessions.
// Threads: the master's loop.
// Use:     internal; see tcp.cpp.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

#include <mw/tcp.hpp>

#include "log/repeated.hpp"
#include "net/key_file.hpp"
#include "process/timer.hpp"
#include "tcp/absent_nodes.hpp"
#include "tcp/beacon.hpp"
#include "tcp/build_shelf.hpp"
#include "tcp/launch/launches.hpp"
#include "tcp/node_session.hpp"
#include "tcp/quarantine.hpp"

namespace mw::tcp {

class Star final : public Interface, private NodeOwner, private LaunchUser {
 public:
  explicit Star(TcpOptions options);
  ~Star() override;

  Scheduling scheduling() const override { return Scheduling::by_master; }
  std::string name() const override { return "tcp"; }
  std::uint32_t expected_slots() const noexcept override { return options_.expected; }
  bool others_may_join() const override { return !options_.listen.empty(); }
  void start() override;
  void execute_task(const TaskRef& task, WorkerId worker) override;
  bool revoke_task(const TaskRef& task, WorkerId worker) override;
  void split_task(const TaskRef& task, WorkerId worker) override;
  void abort_task(const TaskRef& task, WorkerId worker) override;
  void forget_shared(std::uint64_t number) override;
  void scale(std::uint32_t) override {
    throw UsageError{
        "tcp: its workers are the slots of the nodes that have joined: start more nodes (mw node), or tell some to stop "
        "(SIGTERM), which finish what they run; with slurm=MIN..MAX the master has as many nodes as its tasks need"};
  }
  void tasks_wait(std::size_t tasks, WorkerId resting) override;
  void flush() override;
  void stop(std::function<void()> stopped) override;
  StatusMap get_status() override;
  std::vector<WorkerReport> report_workers() override;

 private:
  using Acceptor = boost::asio::ip::tcp::acceptor;
  struct Ready {
    NodeSession* node = nullptr;
    remote::RemoteWorker* worker = nullptr;
  };

  // LaunchUser
  std::vector<JoinedNode> take_joined() override;
  bool has_joined(const std::string& name) const override;
  void let_go(const std::string& name) override;
  void gave_up(const std::string& why) override;

  // NodeOwner, and the host for both
  InterfaceHost& host() const noexcept override { return Interface::host(); }
  const TcpOptions& options() const noexcept override { return options_; }
  BuildShelf& builds() noexcept override { return *builds_; }
  std::optional<tls::Key> find_key(std::string_view identity) const override;
  std::string unique_name(const std::string& wish) const override;
  void node_greeted(NodeSession& node) override;
  void worker_ready(NodeSession& node, remote::RemoteWorker& worker) override;
  void worker_gone(NodeSession& node, remote::RemoteWorker& worker, bool was_ready, const std::string& why) override;
  void task_done(NodeSession& node) override;
  void has_output(NodeSession& node) override;
  void node_shared(NodeSession& node, bool is_shared) override;
  void node_gone(NodeSession& node, const std::string& why) override;
  void node_refused(NodeSession& node, const std::string& why) override;

  void listen();
  void start_nodes();
  void start_jobs();
  /// What nodes elsewhere, whose way here is by `own`, are told to dial; one of this machine's addresses, or its name.
  std::string address_for(const std::string& own) const;
  void accept();
  void came(channel::Channel::Socket socket);
  void remove_later(NodeSession& node);
  void note_loss(NodeSession& node, std::uint64_t task, const std::string& why);
  void heed_quarantine(NodeSession& node);
  void heed_quarantine();
  void watch_joining();
  void say_who_is_missing();
  /// "the node pi1: there is no worker build …; pi2: …", with what is to be said in front of it.
  std::string who_is_absent(std::string_view before) const;
  void start_beacon();
  unsigned ready_slots() const noexcept { return static_cast<unsigned>(ready_.size()); }
  std::string how_to_join() const;
  void say_stopped();
  void warn(std::string_view kind, const std::string& text);

  const TcpOptions options_;
  net::KeyFile key_;
  std::optional<BuildShelf> builds_;
  std::optional<Acceptor> acceptor_;
  std::shared_ptr<Beacon> beacon_;
  std::string address_;  ///< where it listens
  std::vector<std::unique_ptr<NodeSession>> nodes_;
  std::deque<NodeSession*> half_open_;
  std::unordered_map<std::uint32_t, Ready> ready_;
  std::vector<NodeSession*> unsent_;
  std::vector<NodeSession*> shared_nodes_;  ///< with other masters
  Launches launches_;
  std::optional<process::Timer> join_timer_;
  std::optional<process::Timer> accept_timer_;
  Quarantine quarantine_;
  bool is_any_set_aside_ = false;
  std::optional<process::Timer> quarantine_timer_;
  log::Repeated repeated_;
  AbsentNodes absent_;
  std::string last_refusal_;  ///< "the node pi1 (…): there is no worker build …"
  std::uint64_t nodes_joined_ = 0;
  std::uint64_t nodes_lost_ = 0;
  unsigned failed_starts_ = 0;                          ///< of workers, in a row
  std::chrono::steady_clock::time_point first_failed_;  ///< the first of them
  bool was_ever_ready_ = false;
  std::function<void()> stopped_;
};

}  // namespace mw::tcp
