// One volunteer's connection.
//
// What:    reads requests and answers them, one after the other, until the client closes, is too slow, or breaks the rules.
// Owner:   a coroutine owns its connection; Connections knows them all and keeps their number down.
// Threads: the server's.
// Use:
//     co_spawn(io, serve(std::move(socket), rooms, connections), detached);
#pragma once

#include <cstddef>
#include <functional>
#include <list>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "boinc/server/rooms.hpp"

namespace mw::boinc {

/// The open connections. When there are too many, the one that has been idle longest goes: a client may always come back.
class Connections {
 public:
  using Close = std::function<void()>;
  struct Entry {
    Close close;
    bool is_idle = true;  ///< waits for a request
  };
  using Place = std::list<Entry>::iterator;

  explicit Connections(std::size_t most) : most_{most} {}
  Place add(Close close);
  void remove(Place place);
  /// It works on a request, or waits for the next one.
  void set_idle(Place place, bool is_idle);
  void close_all();
  std::size_t count() const noexcept { return busy_.size() + idle_.size(); }
  std::uint64_t turned_away() const noexcept { return turned_away_; }

 private:
  const std::size_t most_;
  std::list<Entry> idle_;  ///< the longest idle first
  std::list<Entry> busy_;
  std::uint64_t turned_away_ = 0;
};

boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket, Rooms& rooms, Connections& connections);

}  // namespace mw::boinc
