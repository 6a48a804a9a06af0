// The scheduler: answers a client's request.
//
// What:    finds out who asks, takes its reports, says what nobody needs any more, and has the dispatcher give it work.
// Owner:   refers to the project.
// Threads: the server's; inside a transaction where writes() says so.
// Use:
//     const SchedulerReply reply = scheduler.answer(parse_scheduler_request(body), socket.remote_endpoint().address());
#pragma once

#include <optional>

#include <boost/asio/ip/address.hpp>

#include "boinc/protocol/scheduler_reply.hpp"
#include "boinc/protocol/scheduler_request.hpp"
#include "boinc/server/admission.hpp"
#include "boinc/server/committer.hpp"
#include "boinc/server/dispatcher.hpp"
#include "boinc/server/transitioner.hpp"
#include "boinc/server/work_generator.hpp"
#include "log/repeated.hpp"

namespace mw::boinc {

class Scheduler {
 public:
  Scheduler(Project& project, WorkGenerator& generator, Transitioner& transitioner)
      : project_{project}, transitioner_{transitioner}, admission_{project}, dispatcher_{project, generator, transitioner} {}

  /// What answering it must survive; nothing if it changes no more than when the host was last seen.
  std::optional<Durability> writes(const SchedulerRequest& request) const;
  /// `address`: where the request comes from. Takes a few hundredths of a second at most, whatever the request says:
  /// what is left over comes with the client's next one.
  SchedulerReply answer(const SchedulerRequest& request, const boost::asio::ip::address& address);

 private:
  void give_up(std::int64_t lost_host);
  void describe_user(const Host& host, SchedulerReply& reply);
  void take_results(const SchedulerRequest& request, Host& host, const Turn& turn, SchedulerReply& reply);
  void take_back(const SchedulerRequest& request, Host& host);
  void take_result(const ReportedResult& result, InstanceRow& instance, Host& host);
  bool has_output(const ReportedResult& result, InstanceRow& instance) const;
  void note_running(const SchedulerRequest& request, const Host& host, const Turn& turn);
  void abort_unneeded(const SchedulerRequest& request, const Host& host, const Turn& turn, SchedulerReply& reply);

  Project& project_;
  Transitioner& transitioner_;
  Admission admission_;
  Dispatcher dispatcher_;
  log::Repeated repeated_;
};

}  // namespace mw::boinc
