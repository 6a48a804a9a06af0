// What HTTP/1.1 says about the head of a request (RFC 9112, RFC 9110).
//
// What:    how long its body is, or why it is refused: what two readers could understand differently is refused before
//          anything else is looked at. Bodies come with their length; one that comes in chunks is asked for again with
//          it (411).
// Owner:   values.
// Threads: any.
// Use:
//     const auto framing = framing_of(head);
//     if (framing.refusal) …answer, and close…
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/status.hpp>

namespace mw::http {

struct Refusal {
  boost::beast::http::status status;
  std::string_view why;
};

struct Framing {
  std::uint64_t body_size = 0;
  bool expects_continue = false;
  bool keeps_alive = false;
  std::optional<Refusal> refusal;
};

Framing framing_of(const boost::beast::http::request_header<>& head);

}  // namespace mw::http
