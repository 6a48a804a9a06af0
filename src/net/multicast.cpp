#include "net/multicast.hpp"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <utility>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "net/discovery.hpp"
#include "parse/number.hpp"
#include "process/close_on_exec.hpp"
#include "process/timer.hpp"

namespace mw::net {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;
using boost::system::error_code;

constexpr std::uint16_t usual_port = 9470;
/// Of a flood no more than that is looked at: some thousands a second, which take a hundredth of a processor.
constexpr unsigned most_at_a_time = 128;
constexpr std::chrono::milliseconds budget_stretch{50};

void set(int socket, int level, int name, int value) { ::setsockopt(socket, level, name, &value, sizeof value); }

/// Since Linux 4.20, and not in every C library's headers: only groups that this very socket has joined.
constexpr int ipv6_multicast_all = 29;

}  // namespace

Groups usual_groups() { return {asio::ip::address_v4{{239, 255, 77, 87}}, asio::ip::make_address_v6("ff12::4d57"), usual_port}; }

Groups groups_of(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    throw UsageError{fmt::format("\"{}\" is no place for discovery, GROUP:PORT or PORT: {}", text, why)};
  };
  const auto colon = text.rfind(':');
  const auto port = parse::number<std::uint16_t>(colon == std::string_view::npos ? text : text.substr(colon + 1));
  if (!port || *port == 0) refuse("its port is not a number from 1 to 65535");
  Groups groups = usual_groups();
  groups.port = *port;
  if (colon == std::string_view::npos) return groups;
  std::string_view name = text.substr(0, colon);
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  error_code error;
  const auto address = asio::ip::make_address(name, error);
  if (error || !address.is_multicast())
    refuse("its group is no multicast address; such are 239.0.0.0 to 239.255.255.255, and [ff12::1] or others that begin with ff");
  groups.v4.reset();
  groups.v6.reset();
  address.is_v4() ? static_cast<void>(groups.v4 = address.to_v4()) : static_cast<void>(groups.v6 = address.to_v6());
  return groups;
}

std::string text_of(const Groups& groups) {
  return fmt::format("{}{}{}, port {}", groups.v4 ? groups.v4->to_string() : "", groups.v4 && groups.v6 ? " and " : "",
                     groups.v6 ? groups.v6->to_string() : "", groups.port);
}

std::vector<Network> networks_now() {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return {};
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner{first, ::freeifaddrs};
  std::map<std::string, Network> found;
  for (const ifaddrs* one = first; one; one = one->ifa_next) {
    if (!one->ifa_addr || !(one->ifa_flags & IFF_UP) || !(one->ifa_flags & (IFF_MULTICAST | IFF_LOOPBACK))) continue;
    const auto family = one->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    Network& network = found[one->ifa_name];
    network.name = one->ifa_name;
    network.index = ::if_nametoindex(one->ifa_name);
    network.is_loopback = (one->ifa_flags & IFF_LOOPBACK) != 0;
    (family == AF_INET ? network.has_v4 : network.has_v6) = true;
  }
  std::vector<Network> list;
  for (auto& [name, network] : found)
    if (network.index != 0) list.push_back(std::move(network));
  return list;
}

std::optional<asio::ip::address> own_address_towards(const udp::endpoint& other) {
  asio::io_context none;
  udp::socket socket{none};
  error_code error;
  socket.open(other.protocol(), error);
  if (!error) socket.connect(other, error);  // nothing is sent
  if (error) return std::nullopt;
  const auto own = socket.local_endpoint(error);
  return error ? std::nullopt : std::optional{own.address()};
}

struct MulticastPort::Line {
  Line(asio::io_context& io, const udp::endpoint& to) : socket{io}, group{to}, budget{most_at_a_time, budget_stretch}, pause{io} {}
  bool is_v4() const { return group.address().is_v4(); }
  bool is_on(const Network& network) const { return is_v4() ? network.has_v4 : network.has_v6; }
  /// 0 or an errno.
  int join(unsigned index);
  int leave_by(const Network& network);

  udp::socket socket;
  const udp::endpoint group;
  Budget budget;
  process::Timer pause;
  std::set<unsigned> joined;  ///< by the networks' numbers
};

int MulticastPort::Line::join(unsigned index) {
  int result = 0;
  if (is_v4()) {
    ip_mreqn wish{};
    wish.imr_multiaddr.s_addr = htonl(group.address().to_v4().to_uint());
    wish.imr_ifindex = static_cast<int>(index);
    result = ::setsockopt(socket.native_handle(), IPPROTO_IP, IP_ADD_MEMBERSHIP, &wish, sizeof wish);
  } else {
    ipv6_mreq wish{};
    const auto bytes = group.address().to_v6().to_bytes();
    std::memcpy(&wish.ipv6mr_multiaddr, bytes.data(), bytes.size());
    wish.ipv6mr_interface = index;
    result = ::setsockopt(socket.native_handle(), IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &wish, sizeof wish);
  }
  return result == 0 || errno == EADDRINUSE ? 0 : errno;
}

/// By the loopback, too, this machine would rather be seen with an address that others know.
int MulticastPort::Line::leave_by(const Network& network) {
  const int fd = socket.native_handle();
  if (is_v4()) {
    ip_mreqn wish{};
    wish.imr_ifindex = static_cast<int>(network.index);
    if (network.is_loopback) wish.imr_address.s_addr = htonl(INADDR_LOOPBACK);
    return ::setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &wish, sizeof wish) == 0 ? 0 : errno;
  }
  const auto number = static_cast<int>(network.index);
  return ::setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &number, sizeof number) == 0 ? 0 : errno;
}

MulticastPort::MulticastPort(asio::io_context& io, const Groups& groups, Side side) : side_{side} {
  if (groups.v4) lines_.push_back(std::make_unique<Line>(io, udp::endpoint{*groups.v4, groups.port}));
  if (groups.v6) lines_.push_back(std::make_unique<Line>(io, udp::endpoint{*groups.v6, groups.port}));
}

MulticastPort::~MulticastPort() = default;

/// A machine may have one kind of addresses only.
void MulticastPort::open(Received received) {
  received_ = std::move(received);
  std::string why;
  for (const auto& line : lines_) try {
      open(*line);
    } catch (const boost::system::system_error& e) {
      why += fmt::format("{}{}: {}", why.empty() ? "" : "; ", line->group.address().to_string(), e.code().message());
      error_code ignored;
      line->socket.close(ignored);
    }
  std::erase_if(lines_, [](const auto& line) { return !line->socket.is_open(); });
  if (lines_.empty()) trouble_ = why;
}

void MulticastPort::open(Line& line) {
  line.socket.open(line.group.protocol());
  const int fd = line.socket.native_handle();
  process::close_on_exec(fd);
  line.socket.non_blocking(true);
  const bool hears = side_ == Side::hears;
  if (hears) line.socket.set_option(udp::socket::reuse_address{true});
  if (line.is_v4()) {
    set(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
    set(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 1);
    set(fd, IPPROTO_IP, IP_MULTICAST_TTL, 1);
    line.socket.bind(hears ? line.group : udp::endpoint{udp::v4(), 0});
  } else {
    set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    set(fd, IPPROTO_IPV6, ipv6_multicast_all, 0);
    set(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1);
    set(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 1);
    line.socket.bind(udp::endpoint{udp::v6(), hears ? line.group.port() : std::uint16_t{0}});
  }
  read(line);
}

void MulticastPort::close() {
  received_ = nullptr;
  for (const auto& line : lines_) {
    error_code ignored;
    line->socket.close(ignored);
    line->pause.cancel(ignored);
  }
}

void MulticastPort::read(Line& line) {
  line.socket.async_wait(udp::socket::wait_read, [self = shared_from_this(), &line](error_code error) {
    if (!error && self->received_) self->take_what_is_there(line);
  });
}

void MulticastPort::take_what_is_there(Line& line) {
  std::array<std::byte, longest_datagram + 1> room;
  while (line.budget.take(std::chrono::steady_clock::now())) {
    udp::endpoint from;
    error_code error;
    const std::size_t size = line.socket.receive_from(asio::buffer(room), from, 0, error);
    if (error == asio::error::would_block) return read(line);
    if (!error) received_(std::span{room}.first(size), from);
    if (!received_) return;
  }
  line.pause.expires_at(line.budget.refilled_at());
  line.pause.async_wait([self = shared_from_this(), &line](error_code error) {
    if (!error && self->received_) self->take_what_is_there(line);
  });
}

void MulticastPort::join(const std::vector<Network>& networks) {
  for (const auto& line : lines_) {
    std::erase_if(line->joined, [&](unsigned index) {
      return std::none_of(networks.begin(), networks.end(), [&](const Network& network) { return network.index == index; });
    });
    for (const Network& network : networks)
      if (line->is_on(network) && !line->joined.contains(network.index) && line->join(network.index) == 0)
        line->joined.insert(network.index);
  }
}

MulticastPort::Sent MulticastPort::send(std::span<const std::byte> bytes, const std::vector<Network>& networks) {
  Sent sent;
  for (const Network& network : networks) {
    std::string why;
    bool is_sent = false;
    for (const auto& line : lines_) {
      if (!line->is_on(network)) continue;
      int error = line->leave_by(network);
      udp::endpoint to = line->group;
      if (!line->is_v4()) {
        auto address = to.address().to_v6();
        address.scope_id(network.index);
        to.address(address);
      }
      error_code failed;
      if (error == 0) line->socket.send_to(asio::buffer(bytes.data(), bytes.size()), to, 0, failed);
      if (failed) error = failed.value();
      if (error == 0 || error == EAGAIN) is_sent = true;
      if (error != 0 && why.empty()) why = fmt::format("{}: {}", network.name, std::strerror(error));
    }
    if (is_sent) ++(network.is_loopback ? sent.near : sent.far);
    if (!is_sent && !why.empty()) sent.trouble += (sent.trouble.empty() ? "" : "; ") + why;
  }
  return sent;
}

void MulticastPort::send_to(std::span<const std::byte> bytes, const Endpoint& to) {
  for (const auto& line : lines_) {
    if (line->is_v4() != to.address().is_v4() || !line->socket.is_open()) continue;
    error_code ignored;
    line->socket.send_to(asio::buffer(bytes.data(), bytes.size()), to, 0, ignored);
  }
}

}  // namespace mw::net
