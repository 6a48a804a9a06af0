#include "tcp/beacon.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <mw/error.hpp>

#include "crypto/secrets.hpp"

namespace mw::tcp {
namespace {

using namespace std::chrono_literals;
namespace ip = boost::asio::ip;

/// How soon a network that has come up is known.
constexpr auto look_again_after = 2s;

}  // namespace

std::optional<ip::tcp::endpoint> place_for(const ip::tcp::endpoint& listens_at, const ip::address& asker,
                                           const std::function<std::optional<ip::address>()>& own) {
  const ip::address where = listens_at.address();
  if (where.is_loopback()) return asker.is_loopback() ? std::optional{listens_at} : std::nullopt;
  if (!where.is_unspecified()) return listens_at;
  if (where.is_v4() && !asker.is_v4()) return std::nullopt;  // the same node asks by IPv4, too
  const auto address = own();
  return address ? std::optional{ip::tcp::endpoint{*address, listens_at.port()}} : std::nullopt;
}

Beacon::Beacon(boost::asio::io_context& io, const net::Groups& groups, const net::KeyFile& key, const ip::tcp::endpoint& listens_at,
               Stranger stranger)
    : listens_at_{listens_at},
      answerer_{key, crypto::random_bytes<std::tuple_size_v<net::RunNumber>>()},
      stranger_{std::move(stranger)},
      port_{std::make_shared<net::MulticastPort>(io, groups, net::MulticastPort::Side::hears)},
      timer_{io} {}

void Beacon::start() {
  port_->open([this](auto bytes, const auto& from) { hear(bytes, from); });
  look_for_networks();
}

void Beacon::stop() {
  is_over_ = true;
  timer_.cancel();
  port_->close();
}

/// Where the master listens on this machine alone, nobody else is to hear that it is there.
void Beacon::look_for_networks() {
  std::vector<net::Network> networks = net::networks_now();
  if (listens_at_.address().is_loopback()) std::erase_if(networks, [](const net::Network& one) { return !one.is_loopback; });
  port_->join(networks);
  timer_.expires_after(look_again_after);
  timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error && !self->is_over_) self->look_for_networks();
  });
}

void Beacon::hear(std::span<const std::byte> bytes, const net::MulticastPort::Endpoint& from) {
  const auto heard = answerer_.hear(bytes);
  if (!heard) return;
  if (!heard->is_proved) return stranger_(heard->node, from.address().to_string());
  const auto where = place_for(listens_at_, from.address(), [&] { return net::own_address_towards(from); });
  if (where) port_->send_to(answerer_.answer(*heard, *where, net::make_nonce()), from);
}

}  // namespace mw::tcp
