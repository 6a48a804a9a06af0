// The multicore interface: worker processes on this machine.
//
// What:    N persistent processes of this very program. One that dies is replaced and its task runs again.
// Owner:   the master that it is given to.
// Threads: the master's loop.
// Use:
//     mw::Master master{mw::MulticoreInterface{8}};        // or mw::interface("multicore:8")
//     mw::Master master{mw::MulticoreInterface{}};         // as many as this process may use cores
#pragma once

#include <chrono>
#include <memory>

#include <mw/interface.hpp>

namespace mw {

struct MulticoreOptions {
  /// How many worker processes, 1 to 65,536; 0: as many as this process may use cores (affinity and cgroup quota).
  unsigned workers = 0;
  /// How long a worker has to end by itself after its input is closed, and then after SIGTERM, before SIGKILL.
  std::chrono::milliseconds after_close{500};
  std::chrono::milliseconds after_terminate{500};
  /// How long a started process may take until it says that it is a worker.
  std::chrono::milliseconds handshake_limit{30'000};
  /// How long a worker may fall silent in the middle of what it says, before it is ended; and how long it may be stopped (SIGSTOP, a
  /// debugger) in the middle of a task, before a warning and get_status() name it: it is not ended for that.
  std::chrono::milliseconds silence_limit{30'000};
};

class MulticoreInterface : public Interface {
 public:
  static constexpr unsigned max_workers = 65'536;

  /// Throws UsageError for a number of workers that makes no sense.
  explicit MulticoreInterface(unsigned workers = 0);
  explicit MulticoreInterface(MulticoreOptions options);
  MulticoreInterface(MulticoreInterface&&) noexcept;
  ~MulticoreInterface() override;

  unsigned workers() const noexcept;

  void execute_task(const TaskRef& task, WorkerId worker) override;
  bool revoke_task(const TaskRef& task, WorkerId worker) override;
  void abort_task(const TaskRef& task, WorkerId worker) override;
  void flush() override;
  StatusMap get_status() override;
  Scheduling scheduling() const override { return Scheduling::by_master; }
  std::uint32_t expected_slots() const noexcept override { return workers(); }
  std::string name() const override { return "multicore"; }
  void start() override;
  void stop(std::function<void()> stopped) override;

 private:
  class Pool;
  std::unique_ptr<Pool> pool_;
};

}  // namespace mw
