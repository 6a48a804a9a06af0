// The jobs of one interface, one after the other: when mpiexec is gone, or a host took it along, the next one begins.
//
// What:    starts a job, and passes on to it what the interface is asked. When a job ends that may be followed by
//          another, the hosts that are gone are left out, and what was running is queued again. That happens a stated
//          number of times.
// Owner:   owned by the interface; owns the jobs.
// Threads: the master's loop.
// Use:     internal; see mpi.cpp.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "mpi/job.hpp"
#include "mpi/spec.hpp"

namespace mw::mpi {

class Series final : public Interface {
 public:
  explicit Series(MpiOptions options);

  Scheduling scheduling() const override { return Scheduling::by_master; }
  std::string name() const override { return "mpi"; }
  void scale(std::uint32_t) override {
    throw UsageError{
        "mpi: its ranks are started together, and none can be added or taken away: mpi:N has N workers, and on tcp nodes come and "
        "go"};
  }
  std::uint32_t expected_slots() const noexcept override { return job_->workers(); }
  void start() override { job_->start(host()); }
  void execute_task(const TaskRef& task, WorkerId worker) override { job_->execute(task, worker); }
  bool revoke_task(const TaskRef& task, WorkerId worker) override { return job_->take_back(task, worker); }
  void split_task(const TaskRef& task, WorkerId worker) override { job_->split(task, worker); }
  void abort_task(const TaskRef& task, WorkerId worker) override { job_->abort(task, worker); }
  void forget_shared(std::uint64_t number) override { job_->forget_shared(number); }
  void flush() override { job_->flush(); }
  void stop(std::function<void()> stopped) override;
  StatusMap get_status() override;
  std::vector<WorkerReport> report_workers() override;

 private:
  std::unique_ptr<Job> make_job();
  bool goes_on(const JobEnd& end);
  void start_next();

  const MpiOptions options_;
  std::vector<HostSlots> hosts_;  ///< that are left
  unsigned workers_;
  std::unique_ptr<Job> job_;
  std::vector<std::unique_ptr<Job>> ended_;  ///< kept: handlers of theirs may still be queued
  unsigned restarts_ = 0;
  std::vector<std::string> left_out_;
  bool has_no_job_ = false;  ///< the next one could not be started
  bool is_between_ = false;  ///< one job ends, and the next has not begun
  std::function<void()> stopped_;
};

}  // namespace mw::mpi
