// The open connections: how many there may be, what they may hold, and how long they may take.
//
// What:    when there are too many, or they hold too much memory, the one that has been at it longest goes, strangers
//          first: an honest request is a young one, and a client may always come back. One that is past its time is
//          closed. An answer is *owed* from a request's last byte to the answer's.
// Owner:   knows the connections; a coroutine owns each.
// Threads: the server's.
// Use:
//     const auto place = connections.add([&] { socket.close(); });  connections.expect(place, Clock::now() + 30s);
//     connections.set_rank(place, Rank::known);  connections.hold(place, body.capacity());  …  connections.remove(place);
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>

namespace mw::http {

/// What its request has shown so far.
enum class Rank : std::uint8_t {
  stranger,  ///< nothing; or it waits for a request
  known,     ///< who sends it: a key
  permitted  ///< that it was asked for: there are only so many of these
};

class Connections {
 public:
  using Close = std::function<void()>;
  using Time = std::chrono::steady_clock::time_point;
  struct Entry {
    Close close;
    Rank rank = Rank::stranger;
    Time deadline = Time::max();
    std::size_t held = 0;
    bool is_owed = false;
    std::optional<std::list<Entry*>::iterator> holder = {};
    std::list<Entry>::iterator self = {};
  };
  using Place = std::list<Entry>::iterator;

  /// `most_held` bytes together.
  Connections(std::size_t most, std::size_t most_held) : most_{most}, most_held_{most_held} {}

  Place add(Close close);
  void remove(Place place);
  /// It is the youngest of this rank from now on.
  void set_rank(Place place, Rank rank);
  /// It is closed then, unless it says otherwise before.
  void expect(Place place, Time deadline) { place->deadline = deadline; }
  /// It has so many bytes in memory now. Others may be closed for it, or it itself.
  void hold(Place place, std::size_t bytes);
  /// Whether an answer is owed to it now.
  void owe(Place place, bool is_owed);
  std::size_t owed() const noexcept { return owed_; }
  /// Closes those to which none is owed; the others end with their answers. `paid` is called, some day, when there are
  /// none left.
  void end(std::function<void()> paid);
  bool is_ending() const noexcept { return static_cast<bool>(paid_); }
  /// Closes one, so that its descriptor is free.
  void make_room();
  void close_late(Time now);
  void close_all();

  std::size_t count() const noexcept;
  std::size_t held() const noexcept { return held_; }
  std::uint64_t turned_away() const noexcept { return turned_away_; }

 private:
  void close(Entry& entry);

  const std::size_t most_;
  const std::size_t most_held_;
  std::array<std::list<Entry>, 3> ranks_;  ///< the oldest of each first
  std::list<Entry> closed_;                ///< their coroutines have not heard of it yet
  std::list<Entry*> holders_;              ///< the oldest first
  std::size_t held_ = 0;
  std::size_t owed_ = 0;
  std::function<void()> paid_;
  std::uint64_t turned_away_ = 0;
};

}  // namespace mw::http
