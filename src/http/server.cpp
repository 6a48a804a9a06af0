#include "http/server.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <mw/error.hpp>

#include "http/address.hpp"
#include "http/session.hpp"
#include "net/endpoint.hpp"
#include "process/close_on_exec.hpp"
#include "process/shortage.hpp"
#include "process/timer.hpp"

namespace mw::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::chrono::seconds watch_interval{1};

/// A file for each connection, and some for everything else: what is sent or stored has another one.
std::size_t most_connections() {
  constexpr std::size_t wanted = 12'000, others = 512;
  const std::size_t limit = process::allow_descriptors(wanted + others);
  return std::clamp<std::size_t>(limit > 2 * others ? limit - others : limit / 2, 16, wanted);
}

}  // namespace

Server::Server(asio::io_context& io, ServerOptions options)
    : io_{io}, options_{std::move(options)}, acceptor_{io}, watch_timer_{io}, connections_{most_connections(), options_.most_held} {
  const tcp::endpoint endpoint = net::endpoint_of(options_.listen);
  boost::system::error_code error;
  acceptor_.open(endpoint.protocol(), error);
  if (!error) process::close_on_exec(acceptor_.native_handle());
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address{true}, error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) throw InterfaceError{fmt::format("cannot listen at {}: {}", options_.listen, error.message())};
}

std::string Server::url() const { return url_of(acceptor_.local_endpoint()); }

void Server::start(Handler& handler) {
  asio::co_spawn(io_, accept(handler), asio::detached);
  watch();
}

void Server::stop_listening() {
  is_closed_ = true;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  watch_timer_.cancel();
}

void Server::close() {
  stop_listening();
  connections_.close_all();
}

void Server::finish(std::chrono::milliseconds limit, std::function<void()> then) {
  stop_listening();
  const auto timer = std::make_shared<process::Timer>(io_, limit);
  // Not at once: it is called from within the connection whose answer was the last.
  connections_.end([timer] { timer->cancel(); });
  if (connections_.owed() == 0) timer->expires_after(std::chrono::milliseconds{0});
  timer->async_wait([this, timer, then = std::move(then)](boost::system::error_code) {
    connections_.close_all();
    then();
  });
}

asio::awaitable<void> Server::accept(Handler& handler) {
  while (acceptor_.is_open()) {
    auto [error, socket] = co_await acceptor_.async_accept(asio::as_tuple(asio::use_awaitable));
    if (!error) {
      process::close_on_exec(socket.native_handle());
      asio::co_spawn(io_, serve(std::move(socket), handler, options_.proxies, connections_), asio::detached);
      continue;
    }
    if (error == asio::error::operation_aborted) co_return;
    // Out of descriptors, most likely: another connection ends, and the client comes again.
    handler.warn("accept", fmt::format("no connection could be taken: {}", error.message()));
    connections_.make_room();
    process::Timer pause{io_, std::chrono::milliseconds{100}};
    co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

void Server::watch() {
  if (is_closed_) return;
  watch_timer_.expires_after(watch_interval);
  watch_timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    connections_.close_late(std::chrono::steady_clock::now());
    watch();
  });
}

}  // namespace mw::http
