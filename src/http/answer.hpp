// The answer to a request.
//
// What:    a text, or a file in pieces; with it, whether the connection goes on. A HEAD is answered as a GET is,
//          without the body.
// Owner:   refers to its connection, which outlives it.
// Threads: the server's.
// Use:
//     answer.set(status::ok, "text/plain", "Here.\n");
//     co_await answer.send();
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/status.hpp>

#include "http/client_stream.hpp"
#include "http/request.hpp"
#include "process/unique_fd.hpp"

namespace mw::http {

using Status = boost::beast::http::status;

/// What is sent as it is: a file, so that a client which does not read costs no memory; or, if it is small, bytes.
struct Content {
  std::int64_t size = 0;
  std::shared_ptr<const process::UniqueFd> file;  ///< null: it is in `bytes`
  std::string bytes = {};
};

class Answer {
 public:
  /// `is_to_head`: without a body; `keeps_alive`: another request may follow.
  Answer(ClientStream& stream, bool is_to_head, bool keeps_alive)
      : stream_{stream}, is_to_head_{is_to_head}, keeps_alive_{keeps_alive} {}

  /// Says what the answer is; send() sends it. Apart, since g++ 12 destroys a temporary twice that lives across a
  /// co_await in some expressions: here no argument of a coroutine is one.
  void set(Status status, const char* type, std::string text);
  /// A field of this answer's head, besides those that every one has. Both are the server's own words.
  void add(std::string_view name, std::string_view value);
  /// No request follows on this connection.
  void end_connection() noexcept { keeps_alive_ = false; }
  bool keeps_alive() const noexcept { return keeps_alive_; }

  /// Ends the connection if there is something left of the request's body. Throws HangUp, as send_content() does.
  boost::asio::awaitable<void> send();
  /// From where `request` says that it broke off ("Range: bytes=17-").
  boost::asio::awaitable<void> send_content(const Content& content, const Request& request);
  /// An answer that comes bit by bit, while something happens: its head, with the type and the text that were set; the
  /// connection ends with it. The server does not wait for its end. Throws HangUp, as the next one does.
  boost::asio::awaitable<void> begin_stream();
  /// More of it. The client must have read most of what came before.
  boost::asio::awaitable<void> send_more(std::string_view text);
  /// So long it is not the client's turn, nor anything wrong.
  void expect_nothing_for(std::chrono::seconds time) { stream_.expect_nothing_for(time); }

 private:
  std::string head_of(Status status, std::string_view type, std::optional<std::uint64_t> length) const;

  ClientStream& stream_;
  const bool is_to_head_;
  bool keeps_alive_;
  Status status_ = Status::ok;
  const char* type_ = "text/plain";
  std::string fields_;
  std::string text_;
};

}  // namespace mw::http
