// An HTTP server.
//
// What:    listens, takes connections, and has their requests answered. How many there may be follows from the limit on
//          open files, which it raises as far as it needs to and may; what they hold in memory together is bounded,
//          too. A client that is too slow is cut off.
// Owner:   owns its socket, and the list of its connections, each of which a coroutine owns. The io_context and the
//          handler outlive it, and it outlives its connections: after close(), the io_context runs until they have
//          ended.
// Threads: the io_context's one, which has SIGPIPE blocked (process::NoWriteSignals), since sendfile(2) has no flag for
//          it.
// Use:
//     http::Server server{io, {.listen = "127.0.0.1:0"}};    // throws InterfaceError
//     server.start(handler);
//     io.run();                                              // until server.close()
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "http/connections.hpp"
#include "http/handler.hpp"
#include "process/timer.hpp"

namespace mw::http {

struct ServerOptions {
  std::string listen = "127.0.0.1:0";               ///< see net::endpoint_of; port 0: any that is free
  std::vector<boost::asio::ip::address> proxies{};  ///< that say truly whom a request comes from
  std::size_t most_held = std::size_t{96} << 20;    ///< bytes in memory for bodies and answers
};

class Server {
 public:
  /// Listens, and takes nobody yet. Throws InterfaceError.
  Server(boost::asio::io_context& io, ServerOptions options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Where it can be reached from this machine at least.
  std::string url() const;
  void start(Handler& handler);
  /// Takes no more connections, and closes those that there are.
  void close();
  /// The same, but answers that are owed go out before; `then` is called, some day, when that is done, or after
  /// `limit`.
  void finish(std::chrono::milliseconds limit, std::function<void()> then);
  const Connections& connections() const noexcept { return connections_; }

 private:
  boost::asio::awaitable<void> accept(Handler& handler);
  void watch();
  void stop_listening();

  boost::asio::io_context& io_;
  const ServerOptions options_;
  boost::asio::ip::tcp::acceptor acceptor_;
  process::Timer watch_timer_;
  Connections connections_;
  bool is_closed_ = false;  ///< cancel() does not reach a timer whose handler waits for its turn already
};

}  // namespace mw::http
