// The project on the web: which address is for what.
//
// What:    finds out what a request is for, and has it answered: the scheduler, uploads, downloads, accounts, pages.
// Owner:   refers to the rooms.
// Threads: the server's.
// Use:
//     Web web{rooms};
//     http_server.start(web);
#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>

#include "boinc/server/rooms.hpp"
#include "http/handler.hpp"

namespace mw::boinc {

class Web final : public http::Handler {
 public:
  explicit Web(Rooms& rooms) : rooms_{rooms} {}

  boost::asio::awaitable<void> answer(http::Request& request, http::Answer& answer) override;
  void refused() override { ++rooms_.project.counts.bad_requests; }
  void warn(std::string_view kind, const std::string& text) override { rooms_.strangers.warn(kind, "boinc: " + text); }

 private:
  Rooms& rooms_;
};

}  // namespace mw::boinc
