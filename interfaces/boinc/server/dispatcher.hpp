// The dispatcher: which work a host is given.
//
// What:    sends a lost reply again; copies that wait for a host, of which each host and each voter has one a workunit;
//          new workunits; and to a host that would be idle one more copy of what is out for too long. None to a host in
//          quarantine, and to none more than it has shown it can do.
// Owner:   refers to the project.
// Threads: the server's; inside a transaction.
// Use:
//     dispatcher.send_work(request, host, turn, reply);
#pragma once

#include <chrono>
#include <cstdint>
#include <random>
#include <string>

#include "boinc/protocol/scheduler_reply.hpp"
#include "boinc/protocol/scheduler_request.hpp"
#include "boinc/server/transitioner.hpp"
#include "boinc/server/work_generator.hpp"
#include "process/thread_time.hpp"

namespace mw::boinc {

/// A request's share of the server's time: of its processor's, so that a busy machine cuts nobody short.
class Turn {
 public:
  explicit Turn(std::chrono::milliseconds share) : end_{process::thread_time() + share} {}
  bool is_over() const { return process::thread_time() >= end_; }

 private:
  std::chrono::nanoseconds end_;
};

class Dispatcher {
 public:
  Dispatcher(Project& project, WorkGenerator& generator, Transitioner& transitioner)
      : project_{project}, generator_{generator}, transitioner_{transitioner} {}

  void send_again(const SchedulerRequest& request, Host& host, const Turn& turn, SchedulerReply& reply);
  void send_work(const SchedulerRequest& request, Host& host, const Turn& turn, SchedulerReply& reply);
  /// Whether something is out for so long that this host might get it, too, if it is idle.
  bool may_have_another(const Host& host) const;

 private:
  bool send_unsent(const WorkerBuild& build, Host& host, const Turn& turn, SchedulerReply& reply);
  bool send_new(const WorkerBuild& build, Host& host, SchedulerReply& reply);
  bool send_another(const WorkerBuild& build, Host& host, const Turn& turn, SchedulerReply& reply);
  std::chrono::milliseconds another_after(double expected_s) const;
  bool may_have(const WorkunitRow& workunit, const Host& host) const;
  void note_voters(std::int64_t quorum);
  void send(InstanceRow& instance, WorkunitRow& workunit, const WorkerBuild& build, Host& host, SchedulerReply& reply);
  std::int64_t most_for(const Host& host, std::int64_t in_progress) const;
  std::string why_no_work(const Host& host, const WorkerBuild* build, bool has_all) const;

  double draw();  ///< in [0, 1)

  Project& project_;
  WorkGenerator& generator_;
  Transitioner& transitioner_;
  std::mt19937_64 random_{std::random_device{}()};
  Time no_look_at_voters_before_{};
};

}  // namespace mw::boinc
