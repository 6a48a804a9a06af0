#include "control/board.hpp"

namespace mw::control {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

std::string state_of(const Now& now, bool is_last) {
  if (is_last) return "ended";
  if (now.is_stopping || now.has_stopped) return "stopping";
  return now.status.is_paused ? "paused" : "running";
}

}  // namespace

void Board::take(Now now, bool is_last) {
  std::string state = state_of(now, is_last);
  picture_.set(std::move(now.status), std::move(state), now.can_scale);
}

asio::awaitable<void> Board::refresh(std::chrono::milliseconds age) {
  if (has_ended_ || Clock::now() - asked_ < age) co_return;
  if (is_asking_) {  // for somebody else: what that brings is fresh enough, too
    for (auto end = Clock::now() + patience; is_asking_ && Clock::now() < end;) {
      process::Timer pause{io_, std::chrono::milliseconds{5}};
      co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    co_return;
  }
  is_asking_ = true;
  const auto asked = Clock::now();
  auto now = co_await answer_to<Now>(io_, patience, [this](auto then) { controls_.now(then); });
  is_asking_ = false;
  if (!now || has_ended_) co_return;
  asked_ = asked;
  take(std::move(*now), false);
}

void Board::end(Now now) {
  has_ended_ = true;
  take(std::move(now), true);
}

}  // namespace mw::control
