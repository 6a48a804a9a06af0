// Where connections come in whose other end has the key.
//
// What:    listens on a Unix socket (abstract: it has no file) and, for those on other machines, on a TCP port. Whoever
//          has no key is turned away, and so are, on the Unix socket, other users. Of those that have not proved
//          anything, only the latest few may wait: nobody can stand in the way by keeping silent.
// Owner:   owns the listening sockets. What comes in is the caller's.
// Threads: the io_context's one.
// Use:
//     auto acceptor = std::make_shared<Acceptor>(io, AcceptorOptions{.magic = magic, .key = key});  // throws InterfaceError
//     acceptor->open([](Acceptor::Socket socket) { … });
//     tell(acceptor->addresses());
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "net/handshake.hpp"

namespace mw::net {

enum class Admits : std::uint8_t {
  one,  ///< and closes behind it
  all
};

struct AcceptorOptions {
  Magic magic{};
  Key key{};
  Admits admits = Admits::all;
  /// Where to listen for other machines; empty: only this one comes in.
  std::optional<boost::asio::ip::tcp::endpoint> tcp{};
  uid_t owner = ::geteuid();  ///< only this user's processes may come in on the Unix socket
};

class Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  static constexpr std::size_t most_visitors = 16;  ///< that have not proved anything yet

  /// Throws InterfaceError if it cannot listen.
  Acceptor(boost::asio::io_context& io, AcceptorOptions options);
  void open(std::function<void(Socket)> came_in);
  void close();

  /// "unix:NAME tcp:ADDRESS:PORT …", those most likely to work first: see net::dial.
  std::string addresses() const;

 private:
  struct Visitor;
  template <class Listener>
  void accept(Listener& listener);
  template <class Listener>
  void accept_later(Listener& listener);
  void greet(const std::shared_ptr<Visitor>& visitor);
  void leave(Visitor& visitor);
  void let_in(Visitor& visitor);

  const AcceptorOptions options_;
  std::string name_;
  boost::asio::local::stream_protocol::acceptor local_;
  boost::asio::ip::tcp::acceptor tcp_;
  std::function<void(Socket)> came_in_;
  std::deque<std::shared_ptr<Visitor>> visitors_;  ///< the oldest first
};

}  // namespace mw::net
