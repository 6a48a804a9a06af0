// The jobs of one interface, one after the other: when mpiexec is gone, or a host took it along, the next one begins.
//
// What:    starts a job, and passes on to it what the interface is asked. When a job ends that may be followed by another, the
//          hosts that are gone are left out, and what was running is queued again. That happens a stated number of times.
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

namespace mw {

class MpiInterface::Series {
 public:
  explicit Series(MpiOptions options);

  unsigned workers() const noexcept { return job_->workers(); }
  Job& job() noexcept { return *job_; }
  void start(InterfaceHost& host);
  void stop(std::function<void()> stopped);
  StatusMap status() const;

 private:
  std::unique_ptr<Job> make_job();
  bool goes_on(const JobEnd& end);
  void start_next();

  const MpiOptions options_;
  std::vector<mpi::HostSlots> hosts_;  ///< that are left
  unsigned workers_;
  InterfaceHost* host_ = nullptr;
  std::unique_ptr<Job> job_;
  std::vector<std::unique_ptr<Job>> ended_;  ///< kept: handlers of theirs may still be queued
  unsigned restarts_ = 0;
  std::vector<std::string> left_out_;
  bool has_no_job_ = false;  ///< the next one could not be started
  bool is_between_ = false;  ///< one job ends, and the next has not begun
  std::function<void()> stopped_;
};

}  // namespace mw
