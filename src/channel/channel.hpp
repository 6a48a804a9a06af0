// An encrypted connection that frames go through, between a master and a node.
//
// What:    a TCP socket under a TLS session: it cuts what comes into frames, writes what is outgoing, says now and then
//          that this end is alive, and notices when the other is not. What the frames mean is its user's business.
// Owner:   a shared_ptr, and what waits on the io_context; owns the socket and the session.
// Threads: where the io_context runs.
// Use:
//     auto channel = std::make_shared<Channel>(std::move(socket), tls::Session::client(own), user, times);
//     channel->start();                                     // … user.established(), user.frame(frame)
//     wire::append(channel->outgoing().tail(), message);
//     channel->flush();
//     channel->close();                                     // or, once, user.closed(why)
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "tls/session.hpp"
#include "wire/frame.hpp"
#include "wire/outgoing.hpp"

namespace mw::channel {

class ChannelUser {
 public:
  virtual ~ChannelUser() = default;
  /// The handshake is over: the other end has the key, and frames may go out.
  virtual void established() {}
  /// A frame came, which is no heartbeat; it is valid during the call. What it throws as mw::Error ends the channel.
  virtual void frame(const wire::Frame& frame) = 0;
  /// What was outgoing has gone out after it had to wait.
  virtual void has_room() {}
  /// The connection is over, and nothing more is said of it. The channel may be given up here.
  virtual void closed(const std::string& why) = 0;
};

struct Times {
  std::chrono::milliseconds handshake{10'000};   ///< how long it may take
  std::chrono::milliseconds lost_after{10'000};  ///< how long either end may be silent
  /// How often this end says that it is alive.
  std::chrono::milliseconds heartbeat() const noexcept {
    return std::clamp(lost_after / 5, std::chrono::milliseconds{1}, std::chrono::milliseconds{1'000});
  }
};

class Channel : public std::enable_shared_from_this<Channel> {
 public:
  using Socket = boost::asio::ip::tcp::socket;

  /// The socket is connected. The user outlives the channel, or closes it first.
  Channel(Socket socket, tls::Session session, ChannelUser& user, Times times);

  void start();
  /// From here on somebody else hears of it.
  void set_user(ChannelUser& user) noexcept { user_ = &user; }
  /// Either end may be silent for so long from now on.
  void set_silence(std::chrono::milliseconds lost_after);

  wire::Outgoing& outgoing() noexcept { return outgoing_; }
  /// Writes what is outgoing, now or when the socket has room.
  void flush();
  /// Bytes that wait to be sent.
  std::size_t unsent() const noexcept { return outgoing_.size() + session_.outgoing().size(); }
  /// Ends it, without a word to the user. What is outgoing is sent as far as there is room for it now.
  void close();

  /// Who dialled; see tls::Session.
  const std::string& identity() const noexcept { return session_.identity(); }
  /// "192.168.1.7:41234", of the other end.
  const std::string& address() const noexcept { return address_; }

 private:
  using Clock = std::chrono::steady_clock;

  void read();
  bool take_what_is_there();
  void take(std::span<const std::byte> bytes);
  bool send_encrypted();
  void wait_for_room();
  void beat();
  void set_timer();
  void end(const std::string& why);

  Socket socket_;
  tls::Session session_;
  ChannelUser* user_;
  Times times_;
  std::string address_;
  wire::FrameReader reader_;
  wire::Outgoing outgoing_;
  boost::asio::steady_timer timer_;
  Clock::time_point begun_ = Clock::now();
  Clock::time_point heard_ = begun_;
  Clock::time_point told_ = begun_;
  Clock::time_point looked_ = begun_;
  bool waits_for_room_ = false;
  bool is_over_ = false;
};

}  // namespace mw::channel
