// A request, as whoever answers it sees it.
//
// What:    what its head says, who sent it, and its body, piece by piece, as far as somebody reads it. It says what it
//          has shown (its rank) and what it holds in memory, so that the server can choose whom to close when there are
//          too many.
// Owner:   refers to its connection, which outlives it.
// Threads: the server's.
// Use:
//     if (request.is_post() && request.path() == "/words") co_await request.read_to(text, longest);
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/verb.hpp>

#include "http/client_stream.hpp"
#include "http/connections.hpp"
#include "http/framing.hpp"

namespace mw::http {

class Request {
 public:
  /// The one whose head `stream` has read. `proxies`: see client_of.
  Request(ClientStream& stream, const Framing& framing, std::span<const boost::asio::ip::address> proxies);

  boost::beast::http::verb method() const noexcept { return stream_.head().method(); }
  bool is_head() const noexcept { return method() == boost::beast::http::verb::head; }
  bool is_get() const noexcept { return method() == boost::beast::http::verb::get || is_head(); }
  bool is_post() const noexcept { return method() == boost::beast::http::verb::post; }
  /// The target up to the '?', what follows it, and the last part of the path: "create" of "/accounts/create?name=x".
  const std::string& path() const noexcept { return path_; }
  const std::string& query() const noexcept { return query_; }
  std::string name() const { return path_.substr(path_.rfind('/') + 1); }
  std::string_view field(boost::beast::http::field name) const;
  /// HTTP/1.0, whose connections end after one answer unless both sides say otherwise.
  bool is_1_0() const noexcept { return stream_.head().version() == 10; }
  /// Of the client, also behind a proxy.
  const boost::asio::ip::address& address() const noexcept { return address_; }

  bool is_open() const { return stream_.is_open(); }
  /// What it has shown. The connection falls back to Rank::stranger with the next request.
  void set_rank(Rank rank) { stream_.set_rank(rank); }
  /// Bytes of this request's that are in memory, besides what read_to() counts by itself.
  void hold(std::size_t bytes) { stream_.hold(bytes); }
  /// So long the client waits for us.
  void expect_nothing_for(std::chrono::seconds time) { stream_.expect_nothing_for(time); }

  std::uint64_t body_left() const noexcept { return stream_.body_left(); }
  /// The next bytes of the body, valid until the next wait; none at its end. Throws HangUp, as all that follows.
  boost::asio::awaitable<std::span<const std::byte>> read_some() { return stream_.read_some(); }
  /// Appends to `text`, which this function holds, until it has `size` bytes or the body ends.
  boost::asio::awaitable<void> read_to(std::string& text, std::size_t size) { return stream_.read_to(text, size); }
  /// Reads what is left of the body and forgets it, up to so much.
  boost::asio::awaitable<void> drain(std::uint64_t most) { return stream_.drain(most); }

 private:
  ClientStream& stream_;
  std::string path_;
  std::string query_;
  boost::asio::ip::address address_;
};

}  // namespace mw::http
