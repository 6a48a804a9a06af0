// What those who watch a master share: a picture of its run, as fresh as they want it.
//
// What:    asks the master how things are, at most once for all who wait, and keeps what it said in the picture.
// Owner:   refers to the rest, which outlives it.
// Threads: the io_context's one.
// Use:
//     co_await board.refresh(100ms);                          // no older than that; or as before, if the master is busy
//     board.picture().status().finished
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "control/controls.hpp"
#include "process/timer.hpp"
#include "watch/picture.hpp"

namespace mw::control {

/// What `start` is told by the master, or nothing if that has not come within the limit. `start` is given what to call,
/// from any thread, once.
template <class Answer, class Start>
boost::asio::awaitable<std::optional<Answer>> answer_to(boost::asio::io_context& io, std::chrono::milliseconds limit, Start start) {
  struct Slot {
    Slot(boost::asio::io_context& io_of_it, std::chrono::milliseconds time) : timer{io_of_it, time} {}
    process::Timer timer;
    std::optional<Answer> answer;
  };
  const auto slot = std::make_shared<Slot>(io, limit);
  start([&io, weak = std::weak_ptr{slot}](Answer given) {
    boost::asio::post(io, [weak, given = std::move(given)]() mutable {
      const auto waiting = weak.lock();
      if (!waiting) return;
      waiting->answer = std::move(given);
      waiting->timer.cancel();
    });
  });
  co_await slot->timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  co_return std::move(slot->answer);
}

class Board {
 public:
  static constexpr std::chrono::milliseconds patience{2000};  ///< that a busy master may take

  Board(boost::asio::io_context& io, Controls& controls, watch::Picture& picture)
      : io_{io}, controls_{controls}, picture_{picture} {}
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  boost::asio::io_context& io() const noexcept { return io_; }
  Controls& controls() const noexcept { return controls_; }
  watch::Picture& picture() const noexcept { return picture_; }

  /// Returns when the picture is no older than that, or when the master has not answered in time.
  boost::asio::awaitable<void> refresh(std::chrono::milliseconds age);
  /// What was done has changed something: what is known is too old.
  void is_stale() noexcept { asked_ = {}; }
  /// The master's last word.
  void end(Now now);

 private:
  void take(Now now, bool is_last);

  boost::asio::io_context& io_;
  Controls& controls_;
  watch::Picture& picture_;
  std::chrono::steady_clock::time_point asked_{};
  bool is_asking_ = false;
  bool has_ended_ = false;
};

}  // namespace mw::control
