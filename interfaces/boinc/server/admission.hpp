// Who asks: the host behind a scheduler request.
//
// What:    a host is its number and a secret that only it was told, in the reply that gave it the number; it says it in
//          each request as its cross-project id, which a stock client does by itself. All others are new hosts, of
//          which an address range gets only so many in a while.
// Owner:   refers to the project.
// Threads: the server's; inside a transaction.
// Use:
//     const Admitted who = admission.admit(request, user, address, reply);
//     if (!who.host) return reply;                          // the reply says why
#pragma once

#include <boost/asio/ip/address.hpp>

#include "boinc/protocol/scheduler_reply.hpp"
#include "boinc/protocol/scheduler_request.hpp"
#include "boinc/server/project.hpp"
#include "http/pace.hpp"

namespace mw::boinc {

struct Admitted {
  Host* host = nullptr;
  /// Another host that this one was before: its state was set back, or it attached anew. What that one has under way is
  /// lost. 0: none.
  std::int64_t lost_host = 0;
};

class Admission {
 public:
  explicit Admission(Project& project) : project_{project} {}

  /// Writes into the reply what a new host is told.
  Admitted admit(const SchedulerRequest& request, std::int64_t user, const boost::asio::ip::address& address,
                 SchedulerReply& reply);

  /// The host that proves to be itself and has not gone back; null if it will be a new one. The account is not looked
  /// at.
  Host* find(const SchedulerRequest& request) const;

 private:
  Host* find_proven(const SchedulerRequest& request) const;
  Project& project_;
  http::Pace new_hosts_{{.burst = 200, .a_second = 1}, 100'000};  ///< by address range
};

}  // namespace mw::boinc
