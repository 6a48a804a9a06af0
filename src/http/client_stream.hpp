// A connection to a client: requests come in, answers go out, and nothing lies in memory while the client makes us
// wait.
//
// What:    reads the head of a request, and its body piece by piece into one buffer that all connections share; writes
//          texts and files. A client that takes too long, or is too slow for too long, is cut off.
// Owner:   owns the socket, and its place among the connections.
// Threads: the server's.
// Use:
//     if (co_await stream.read_head() != Head::whole) …
//     for (auto piece = co_await stream.read_some(); !piece.empty(); piece = co_await stream.read_some()) use(piece);
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/message.hpp>

#include "http/connections.hpp"

namespace mw::http {

/// The client is gone, or is cut off without a word.
struct HangUp {
  const char* why = nullptr;  ///< what it did; null: it is gone
};

enum class Head : std::uint8_t { whole, none, malformed, too_long };

class ClientStream {
 public:
  using RequestHead = boost::beast::http::request_header<>;

  ClientStream(boost::asio::ip::tcp::socket socket, Connections& connections);
  ~ClientStream();
  ClientStream(const ClientStream&) = delete;
  ClientStream& operator=(const ClientStream&) = delete;

  bool is_open() const { return socket_.is_open(); }
  const boost::asio::ip::address& address() const noexcept { return address_; }
  void set_rank(Rank rank) { connections_.set_rank(place_, rank); }
  /// Bytes of this connection's that are in memory.
  void hold(std::size_t bytes) { connections_.hold(place_, bytes); }
  /// So long it is not our turn.
  void expect_nothing_for(std::chrono::seconds time);

  /// The next request's.
  boost::asio::awaitable<Head> read_head();
  const RequestHead& head() const noexcept { return head_; }

  /// How long the body is, as its head says.
  void begin_body(std::uint64_t size, bool expects_continue);
  std::uint64_t body_left() const noexcept { return body_left_; }
  /// The next bytes of the body, valid until the next wait; none at its end. Throws HangUp, as all that follows.
  boost::asio::awaitable<std::span<const std::byte>> read_some();
  /// Appends to `text` until it has `size` bytes or the body ends; held all the while.
  boost::asio::awaitable<void> read_to(std::string& text, std::size_t size);
  /// Reads what is left of the body and forgets it, up to so much.
  boost::asio::awaitable<void> drain(std::uint64_t most);

  boost::asio::awaitable<void> write(std::string_view text);
  /// What follows is written after a while in which there was nothing to write, which does not count.
  void begin_piece();
  /// The answer is out, or is one that nobody need wait for.
  void answered() { connections_.owe(place_, false); }
  /// Whether no other request follows, since the server ends.
  bool is_ending() const { return connections_.is_ending(); }
  boost::asio::awaitable<void> write_file(int file, std::int64_t begin, std::int64_t end);
  /// No more will be said; what the client still says is read for a moment, so that it hears the last answer.
  boost::asio::awaitable<void> linger();

 private:
  boost::asio::awaitable<void> wait(boost::asio::socket_base::wait_type what);
  void count(std::size_t bytes);

  boost::asio::ip::tcp::socket socket_;
  boost::asio::ip::address address_;
  Connections& connections_;
  const Connections::Place place_;
  std::string in_;  ///< read, and not used yet
  RequestHead head_;
  std::uint64_t body_left_ = 0;
  bool expects_continue_ = false;
  std::chrono::steady_clock::time_point began_;
  std::size_t in_a_row_ = 0;  ///< bytes read since others had their turn
  std::uint64_t moved_ = 0;   ///< bytes of this request and its answer
};

}  // namespace mw::http
