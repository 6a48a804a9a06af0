// What is to be seen of a master over HTTP.
//
// What:    answers requests: the page and its files, the picture of the run, once or as a stream of events, rows of
//          tasks, figures for Prometheus, and the control channel.
// Owner:   refers to the board, which outlives it; it outlives its server.
// Threads: the server's.
// Use:
//     Pages pages{board, gate};
//     server.start(pages);  …  pages.end();              // every stream of events says that it was the last
#pragma once

#include <chrono>
#include <cstddef>
#include <set>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "control/board.hpp"
#include "control/methods.hpp"
#include "dashboard/gate.hpp"
#include "http/handler.hpp"
#include "process/timer.hpp"

namespace mw::dashboard {

class Pages final : public http::Handler {
 public:
  Pages(control::Board& board, Gate gate) : board_{board}, methods_{board}, gate_{std::move(gate)} {}

  boost::asio::awaitable<void> answer(http::Request& request, http::Answer& answer) override;
  void warn(std::string_view kind, const std::string& text) override;

  /// The master has ended: those who follow hear of it, and then there is nothing more.
  void end();
  /// How many follow it now.
  std::size_t followers() const noexcept { return followers_.size(); }

 private:
  boost::asio::awaitable<void> answer_get(http::Request& request, http::Answer& answer);
  boost::asio::awaitable<void> answer_call(http::Request& request, http::Answer& answer);
  boost::asio::awaitable<void> follow(http::Answer& answer);
  boost::asio::awaitable<void> stream(http::Answer& answer, process::Timer& pace);
  std::chrono::milliseconds pace() const;

  control::Board& board_;
  control::Methods methods_;
  Gate gate_;
  std::set<process::Timer*> followers_;  ///< each one's pause
  bool has_ended_ = false;
};

}  // namespace mw::dashboard
