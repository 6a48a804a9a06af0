#include "tcp/node/search.hpp"

#include <utility>

#include <fmt/format.h>

namespace mw::tcp {
namespace {

using namespace std::chrono_literals;

/// After that time without an answer people are told.
constexpr auto patience = 10s;
/// A loss may be that of many nodes, and of a master that is back in a moment.
constexpr auto hurry_after = 100ms;

}  // namespace

Search::Search(boost::asio::io_context& io, const net::Groups& groups, net::Asker asker, SearchUser& user)
    : groups_{groups},
      asker_{std::move(asker)},
      user_{user},
      port_{std::make_shared<net::MulticastPort>(io, groups, net::MulticastPort::Side::asks)},
      timer_{io} {}

void Search::start() {
  port_->open([this](auto bytes, const auto& from) { take(bytes, from); });
  ask();
}

void Search::stop() {
  is_over_ = true;
  timer_.cancel();
  port_->close();
}

void Search::hurry() {
  if (is_over_) return;
  asker_.begin_anew();
  ask_after(hurry_after);
}

void Search::ask() {
  const auto question = asker_.ask(net::make_nonce(), Clock::now());
  say_how_it_goes(port_->send(question, net::networks_now()));
  ask_after(asker_.next_delay(user_.has_master(), std::uniform_real_distribution<double>{0, 1}(random_)));
}

void Search::ask_after(std::chrono::nanoseconds delay) {
  timer_.expires_after(delay);
  timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error && !self->is_over_) self->ask();
  });
}

/// Once each: it is asked on and on, and most likely the reason stays.
void Search::say_how_it_goes(const net::MulticastPort::Sent& sent) {
  const std::string so_long = "it goes on trying; --connect HOST:PORT names a master";
  if (!port_->trouble().empty()) return say_once(fmt::format("cannot ask for masters: {}; {}", port_->trouble(), so_long));
  if (sent.far + sent.near == 0)
    return say_once(fmt::format("cannot ask for masters: {}; {}",
                                sent.trouble.empty() ? "this machine is on no network that takes multicasts" : sent.trouble,
                                so_long));
  if (sent.far == 0)
    return say_once(fmt::format("asks for masters on this machine alone: {}; {}",
                                sent.trouble.empty() ? "it is on no other network that takes multicasts" : sent.trouble, so_long));
  if (!is_answered_ && Clock::now() - began_ > patience)
    say_once(fmt::format("no master with this key has answered yet ({}, UDP); {}", text_of(groups_), so_long));
}

void Search::say_once(const std::string& text) {
  if (std::exchange(said_, text) != text) user_.say_of_search(text);
}

/// An address that is good on one network only is that network's by which it came.
void Search::take(std::span<const std::byte> bytes, const net::MulticastPort::Endpoint& from) {
  auto offer = asker_.read(bytes, Clock::now());
  if (!offer) return;
  is_answered_ = true;
  if (offer->where.address().is_v6() && offer->where.address().to_v6().is_link_local() && from.address().is_v6()) {
    auto address = offer->where.address().to_v6();
    address.scope_id(from.address().to_v6().scope_id());
    offer->where.address(address);
  }
  user_.found(*offer);
}

}  // namespace mw::tcp
