// Clients that wait for work.
//
// What:    a client that asks to wait is not told at once that there is no work, but as soon as there is some.
// Owner:   refers to the io_context.
// Threads: the server's.
// Use:
//     do { seen = waiting.news();  reply = scheduler.answer(request); } while (has_nothing(reply) && co_await waiting.wait(seen,
//     until));
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "process/timer.hpp"

namespace mw::boinc {

class WaitingRoom {
 public:
  using Clock = std::chrono::steady_clock;

  explicit WaitingRoom(boost::asio::io_context& io) : io_{io} {}

  /// Counts the occasions at which there was work.
  std::uint64_t news() const noexcept { return news_; }

  /// True when there may be work that was not there when `seen` was the news, false at the end of the time.
  boost::asio::awaitable<bool> wait(std::uint64_t seen, Clock::time_point until) {
    if (is_closed_) co_return false;
    if (seen != news_) co_return Clock::now() < until;
    const Place place{count_};
    const auto timer = std::make_shared<process::Timer>(io_, until);
    timers_.push_back(timer);
    const auto [error] = co_await timer->async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    co_return error && !is_closed_;
  }

  /// How many wait.
  std::size_t count() const noexcept { return count_; }

  /// Some of those that have waited longest try again; the next commit wakes the next ones, as long as there is work.
  void wake(bool has_work) {
    constexpr std::size_t at_once = 16;
    news_ += has_work;
    for (std::size_t woken = 0; has_work && woken < at_once && !timers_.empty(); timers_.pop_front())
      woken += timers_.front()->cancel();
    while (!timers_.empty() && timers_.front()->expiry() <= Clock::now()) timers_.pop_front();
  }
  /// Everybody leaves, and nobody comes any more.
  void close() {
    is_closed_ = true;
    for (const auto& timer : std::exchange(timers_, {})) timer->cancel();
  }

 private:
  struct Place {
    explicit Place(std::size_t& of) : count{of} { ++count; }
    ~Place() { --count; }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    std::size_t& count;
  };

  boost::asio::io_context& io_;
  std::size_t count_ = 0;
  std::uint64_t news_ = 0;
  bool is_closed_ = false;
  std::deque<std::shared_ptr<process::Timer>> timers_;
};

}  // namespace mw::boinc
