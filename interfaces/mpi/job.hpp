// A running job: mpiexec, the manager's connection, and the workers behind it.
//
// What:    one run of mpiexec. Starts the ranks, keeps a RemoteWorker for each, moves their streams in and out of the
//          manager's socket, ends it all.
// Owner:   owned by the interface's Series; owns mpiexec's process.
// Threads: the master's loop.
// Use:     internal; see series.cpp.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include <mw/mpi.hpp>

#include "mpi/launch.hpp"
#include "mpi/ranks.hpp"
#include "mpi/spec.hpp"
#include "mpi/words.hpp"
#include "net/acceptor.hpp"
#include "process/child.hpp"
#include "process/stop_ladder.hpp"
#include "process/timer.hpp"
#include "remote/remote_worker.hpp"
#include "remote/worker_streams.hpp"
#include "wire/mux.hpp"
#include "wire/outgoing.hpp"

namespace mw::mpi {

/// Why a job ended that should not have.
struct JobEnd {
  std::string why;
  bool has_run = false;                 ///< all ranks had started
  bool is_mpiexecs = false;             ///< mpiexec is gone, and no rank is to blame
  std::vector<std::string> hosts_gone;  ///< that cannot be reached any more, as their user named them
};

class Job final : public remote::RemoteOwner {
 public:
  /// Asked once, if the job ends in error: whether another one follows. If not, the interface has failed.
  using GoesOn = std::function<bool(const JobEnd&)>;

  Job(MpiOptions options, std::vector<HostSlots> hosts, unsigned workers, GoesOn goes_on);
  ~Job() override;

  unsigned workers() const noexcept { return workers_; }
  void start(InterfaceHost& host);
  void execute(const TaskRef& task, WorkerId worker);
  bool take_back(const TaskRef& task, WorkerId worker);
  void split(const TaskRef& task, WorkerId worker);
  void abort(const TaskRef& task, WorkerId worker);
  void forget_shared(std::uint64_t number);
  void flush();
  void stop(std::function<void()> stopped);
  StatusMap status() const;
  std::vector<WorkerReport> report_workers() const { return report(ranks_, workers_); }

  // remote::RemoteOwner
  InterfaceHost& host() const noexcept override { return *host_; }
  void worker_ready(remote::RemoteWorker& worker) override;
  void worker_has_output(remote::RemoteWorker& worker) override;
  void worker_stopped(remote::RemoteWorker& worker) override;
  void process_ended(remote::RemoteWorker& worker, bool was_ready, const std::string& why) override;

 private:
  using Clock = std::chrono::steady_clock;
  enum class Phase { starting, running, failed, stopping, stopped };

  void launch();
  void take_line(const std::string& line);
  void host_ended(const HostNotice& notice);
  std::vector<std::string> hosts_gone() const;
  void mpiexec_ended(const process::Death& death);
  void manager_came(net::Acceptor::Socket socket);
  void read_manager();
  void handle(const wire::Frame& frame);
  void handle_ranks(const wire::Ranks& ranks);
  void handle_relay(const wire::Relay& relay);
  void lose(std::uint32_t rank, const std::string& why);
  void give_up(std::uint32_t rank, const std::string& why);
  void write_out();
  void fail(const std::string& why);
  void end_mpiexec();
  void climb_down();
  void say_if_stopped();
  remote::RemoteWorker* find(WorkerId worker) const;
  Rank& rank_of(const remote::RemoteWorker& worker);

  const MpiOptions options_;
  const std::vector<HostSlots> hosts_;
  const unsigned workers_;
  const GoesOn goes_on_;
  InterfaceHost* host_ = nullptr;
  Phase phase_ = Phase::starting;
  Launch launch_;
  std::set<std::string> hosts_ended_;  ///< whose ssh has ended while the job ran
  process::UniqueFd probe_;
  std::shared_ptr<net::Acceptor> acceptor_;
  std::optional<process::Child> mpiexec_;
  std::optional<Words> words_;
  std::unique_ptr<net::Acceptor::Socket> socket_;
  wire::FrameReader reader_;
  wire::Outgoing outgoing_;
  bool waits_for_room_ = false;
  std::vector<Rank> ranks_;  ///< by rank; the first is the manager
  std::unordered_map<const remote::RemoteWorker*, std::uint32_t> number_of_;
  std::unordered_map<std::uint32_t, remote::RemoteWorker*> ready_;
  remote::WorkerStreams streams_;
  std::string manager_text_;  ///< "the manager (rank 0, process 17 on pi1)"
  std::unique_ptr<process::Timer> timer_;
  std::optional<process::StopSequence> stop_sequence_;
  std::function<void()> stopped_;
  bool mpiexec_has_ended_ = true;  ///< or was not started
  bool manager_is_gone_ = false;
  bool quits_by_itself_ = false;  ///< the manager was told, and tells the ranks
  unsigned failed_starts_ = 0;
  bool was_ever_ready_ = false;
};

}  // namespace mw::mpi
