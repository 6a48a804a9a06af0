// The scheduler: answers a client's request.
//
// What:    takes reports, sends lost replies again, says what nobody needs any more, and gives out work: at most one copy of a
//          workunit to a host, none to a host in quarantine.
// Owner:   refers to the project.
// Threads: the server's; inside a transaction where writes() says so.
// Use:
//     const SchedulerReply reply = scheduler.answer(parse_scheduler_request(body));
#pragma once

#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "boinc/protocol/scheduler_reply.hpp"
#include "boinc/protocol/scheduler_request.hpp"
#include "boinc/server/committer.hpp"
#include "boinc/server/transitioner.hpp"
#include "boinc/server/work_generator.hpp"

namespace mw::boinc {

class Scheduler {
 public:
  Scheduler(Project& project, WorkGenerator& generator, Transitioner& transitioner)
      : project_{project}, generator_{generator}, transitioner_{transitioner} {}

  /// What answering it must survive; nothing if it changes no more than when the host was last seen.
  std::optional<Durability> writes(const SchedulerRequest& request) const;
  SchedulerReply answer(const SchedulerRequest& request);

 private:
  Host* host_of(const SchedulerRequest& request, std::int64_t user, SchedulerReply& reply);
  void take_results(const SchedulerRequest& request, Host& host, SchedulerReply& reply);
  void take_back(const SchedulerRequest& request, Host& host);
  void take_result(const ReportedResult& result, InstanceRow& instance, Host& host);
  bool has_output(const ReportedResult& result, InstanceRow& instance) const;
  void note_running(const SchedulerRequest& request, const Host& host);
  void abort_unneeded(const SchedulerRequest& request, const Host& host, SchedulerReply& reply);
  void send_again(const SchedulerRequest& request, Host& host, SchedulerReply& reply);
  void send_work(const SchedulerRequest& request, Host& host, SchedulerReply& reply);
  bool send_unsent(const WorkerBuild& build, Host& host, SchedulerReply& reply);
  bool send_new(const WorkerBuild& build, Host& host, SchedulerReply& reply);
  bool may_have(const WorkunitRow& workunit, const Host& host) const;
  void send(InstanceRow& instance, WorkunitRow& workunit, const WorkerBuild& build, Host& host, SchedulerReply& reply);
  std::string why_no_work(const Host& host, const WorkerBuild* build) const;

  double draw();  ///< in [0, 1)

  Project& project_;
  WorkGenerator& generator_;
  Transitioner& transitioner_;
  std::mt19937_64 random_{std::random_device{}()};
};

}  // namespace mw::boinc
