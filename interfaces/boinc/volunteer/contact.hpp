// A volunteer's requests to its project.
//
// What:    finds the scheduler, reports what is over, asks for work, and does what the reply says. It asks as often as
//          the project wants; see RequestTimes.
// Owner:   values; tasks are the workshop's.
// Threads: one; a request blocks.
// Use:
//     if (contact.is_time()) contact.request();
#pragma once

#include <cstddef>
#include <string>

#include "boinc/protocol/scheduler_reply.hpp"
#include "boinc/protocol/scheduler_request.hpp"
#include "boinc/volunteer/request_times.hpp"
#include "boinc/volunteer/session.hpp"
#include "boinc/volunteer/trouble.hpp"
#include "boinc/volunteer/workshop.hpp"

namespace mw::boinc {

class Contact {
 public:
  using Clock = RequestTimes::Clock;
  Contact(Session& session, Workshop& workshop);

  bool is_time() const;
  Clock::time_point next() const;
  /// False if it failed; that is said, and tried again.
  bool request();
  /// From now on no work is taken: what comes all the same is given back.
  void take_no_work() noexcept { takes_work_ = false; }
  /// … and the project is told that this host has nothing of it any more.
  void leave() noexcept { takes_work_ = false, is_leaving_ = true; }
  /// A request for work was broken off: the project may have given some, and waits for it, until it hears that this
  /// host has it not.
  bool is_unheard() const noexcept { return is_unheard_; }
  /// The last request for work was in vain.
  bool is_idle() const noexcept { return asked_in_vain_; }

  Trouble trouble;  ///< with requests

 private:
  bool wants_work() const;
  bool wants_request() const;
  void ask();
  std::string find_scheduler();
  SchedulerRequest make_request();
  void take_reply(const SchedulerRequest& asked, const SchedulerReply& reply);
  bool take_instances(const SchedulerReply& reply);

  Session& session_;
  Workshop& workshop_;
  HostInfo facts_;
  RequestTimes times_;
  int failures_ = 0;
  bool takes_work_ = true;
  bool is_leaving_ = false;
  bool asked_in_vain_ = false;
  bool is_unheard_ = false;
  bool server_knows_wait_ = false;
};

}  // namespace mw::boinc
