#include "boinc/server/call.hpp"

#include <chrono>
#include <string>

#include <fmt/format.h>

#include "http/address.hpp"

namespace mw::boinc {

boost::asio::awaitable<void> Call::refuse(http::Status status, const char* why) {
  ++project_.counts.bad_requests;
  answer_.end_connection();
  answer_.set(status, "text/plain", std::string{why} + "\n");
  co_await answer_.send();
}

bool Call::may_err(http::Pace& pace) {
  if (pace.take(http::network_of(request_.address()), std::chrono::steady_clock::now())) return true;
  ++project_.counts.bad_requests;
  strangers_.warn("pace", fmt::format("boinc: {} errs too often, and is put off", request_.address().to_string()));
  answer_.end_connection();
  answer_.set(http::Status::too_many_requests, "text/plain", "Too many tries: come again later.\n");
  return false;
}

}  // namespace mw::boinc
