// One volunteer's connection.
//
// What:    reads requests and answers them, one after the other, until the client closes, is too slow, or breaks the rules.
// Owner:   a coroutine owns its connection; Connections knows them all and keeps their number down.
// Threads: the server's.
// Use:
//     co_spawn(io, serve(std::move(socket), rooms, connections), detached);
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "boinc/server/connections.hpp"
#include "boinc/server/rooms.hpp"

namespace mw::boinc {

boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket, Rooms& rooms, Connections& connections);

}  // namespace mw::boinc
