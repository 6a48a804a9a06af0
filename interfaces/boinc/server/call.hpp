// A request to the project's server, while it is answered.
//
// What:    what every kind of request needs: the request, its answer, and the project; and what is said to who asks for
//          too much.
// Owner:   refers to all of them. It lives in the frame of the coroutine that answers.
// Threads: the server's.
// Use:
//     class PageCall final : Call { … };                    // in a source file, behind one of the functions below
#pragma once

#include <boost/asio/awaitable.hpp>

#include "boinc/server/rooms.hpp"
#include "http/answer.hpp"
#include "http/pace.hpp"
#include "http/request.hpp"

namespace mw::boinc {

class Call {
 public:
  Call(http::Request& request, http::Answer& answer, Rooms& rooms)
      : request_{request}, answer_{answer}, rooms_{rooms}, project_{rooms.project}, strangers_{rooms.strangers} {}

 protected:
  /// Answers so, and ends the connection.
  boost::asio::awaitable<void> refuse(http::Status status, const char* why);
  /// One more try of somebody who is no volunteer of ours, as far as he has shown. False if he has had too many: then
  /// that is the answer.
  bool may_err(http::Pace& pace);

  http::Request& request_;
  http::Answer& answer_;
  Rooms& rooms_;
  Project& project_;
  Strangers& strangers_;
};

/// A client asks for work and reports results.
boost::asio::awaitable<void> answer_scheduler(http::Request& request, http::Answer& answer, Rooms& rooms);
/// A client sends an output file.
boost::asio::awaitable<void> answer_upload(http::Request& request, http::Answer& answer, Rooms& rooms);
/// Somebody makes an account, or asks for the key of one.
boost::asio::awaitable<void> answer_account(http::Request& request, http::Answer& answer, Rooms& rooms, bool creates);

}  // namespace mw::boinc
