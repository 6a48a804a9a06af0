// The scheduler: answers a client's request.
//
// What:    takes reports, sends lost replies again, says what nobody needs any more, and gives out work: at most one copy of a
//          workunit to a host, none to a host in quarantine.
// Owner:   refers to the project.
// Threads: the server's; inside a transaction where writes() says so.
// Use:
//     const SchedulerReply reply = scheduler.answer(parse_scheduler_request(body), "203.0.113.7");
#pragma once

#include <chrono>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "boinc/protocol/scheduler_reply.hpp"
#include "boinc/protocol/scheduler_request.hpp"
#include "boinc/server/admission.hpp"
#include "boinc/server/committer.hpp"
#include "boinc/server/transitioner.hpp"
#include "boinc/server/work_generator.hpp"

namespace mw::boinc {

class Scheduler {
 public:
  Scheduler(Project& project, WorkGenerator& generator, Transitioner& transitioner)
      : project_{project}, generator_{generator}, transitioner_{transitioner}, admission_{project} {}

  /// What answering it must survive; nothing if it changes no more than when the host was last seen.
  std::optional<Durability> writes(const SchedulerRequest& request) const;
  /// `address`: where the request comes from. Takes a few hundredths of a second at most, whatever the request says: what is left
  /// over comes with the client's next one.
  SchedulerReply answer(const SchedulerRequest& request, std::string_view address);

 private:
  /// When a request has had its share of the server's time.
  using Deadline = std::chrono::steady_clock::time_point;

  bool is_late() const;
  void give_up(std::int64_t lost_host);
  void describe_user(const Host& host, SchedulerReply& reply);
  void take_results(const SchedulerRequest& request, Host& host, SchedulerReply& reply);
  void take_back(const SchedulerRequest& request, Host& host);
  void take_result(const ReportedResult& result, InstanceRow& instance, Host& host);
  bool is_excused(const InstanceRow& instance, const Host& host);
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
  Admission admission_;
  Deadline deadline_{};  ///< of the request that is answered now
  std::mt19937_64 random_{std::random_device{}()};
};

}  // namespace mw::boinc
