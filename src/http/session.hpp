// One client's connection.
//
// What:    reads requests and has them answered, one after the other, until the client closes, is too slow, or breaks
//          the rules.
// Owner:   a coroutine owns its connection; Connections knows them all and keeps their number down.
// Threads: the server's.
// Use:
//     co_spawn(io, serve(std::move(socket), handler, proxies, connections), detached);
#pragma once

#include <span>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "http/connections.hpp"
#include "http/handler.hpp"

namespace mw::http {

/// What it is given outlives it.
boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket, Handler& handler,
                                   std::span<const boost::asio::ip::address> proxies, Connections& connections);

}  // namespace mw::http
