// What HTTP/1.1 says about the head of a request (RFC 9112, RFC 9110).
//
// What:    how long its body is, or why it is refused: what two readers could understand differently is refused before anything else
//          is looked at. Bodies come with their length; one that comes in chunks is asked for again with it (411).
// Owner:   values.
// Threads: any.
// Use:
//     const auto framing = framing_of(head);
//     if (framing.refusal) …answer, and close…
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <boost/asio/ip/address.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/status.hpp>

namespace mw::boinc {

struct HttpRefusal {
  boost::beast::http::status status;
  std::string_view why;
};

struct Framing {
  std::uint64_t body_size = 0;
  bool expects_continue = false;
  bool keeps_alive = false;
  std::optional<HttpRefusal> refusal;
};

Framing framing_of(const boost::beast::http::request_header<>& head);

/// Whom a request comes from: who sent it, unless that is one of these proxies; then the last address in its X-Forwarded-For fields that
/// is none of them. What stands before that was written by the client.
boost::asio::ip::address client_of(const boost::beast::http::request_header<>& head, const boost::asio::ip::address& sender,
                                   std::span<const boost::asio::ip::address> proxies);

}  // namespace mw::boinc
