// Datagrams to whoever listens on the networks that this machine is on.
//
// What:    a group of IPv4 and one of IPv6 at one port. Who asks sends to the groups by each network, from a port of
//          its own, and gets the answers there; who hears is a member of the groups on each network, beside others on
//          this machine. What comes in faster than a few hundred in a tenth of a second stays unread.
// Owner:   a shared_ptr, and what waits on the io_context; owns the sockets.
// Threads: where the io_context runs.
// Use:
//     auto port = std::make_shared<MulticastPort>(io, usual_groups, MulticastPort::Side::asks);
//     port->open([](std::span<const std::byte> bytes, const auto& from) { … });
//     const auto sent = port->send(question, networks_now());
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

namespace mw::net {

struct Groups {
  std::optional<boost::asio::ip::address_v4> v4;
  std::optional<boost::asio::ip::address_v6> v6;
  std::uint16_t port = 0;
};

/// 239.255.77.87 (of the locally administered ones, RFC 2365) and ff12::4d57 (link-local, assigned by nobody, RFC
/// 4291), port 9470.
Groups usual_groups();
/// Of "GROUP:PORT" or "[GROUP]:PORT", or "PORT" for the usual groups there. Throws UsageError.
Groups groups_of(std::string_view text);
/// "239.255.77.87 and ff12::4d57, port 9470"
std::string text_of(const Groups& groups);

/// A network that this machine is on, by a network interface that is up.
struct Network {
  std::string name;  ///< "eth0"
  unsigned index = 0;
  bool has_v4 = false, has_v6 = false;  ///< it has an address of that kind
  bool is_loopback = false;
};
/// Those on which a multicast could go somewhere.
std::vector<Network> networks_now();

/// The address by which that one reaches this machine, if no router stands between that changes addresses.
std::optional<boost::asio::ip::address> own_address_towards(const boost::asio::ip::udp::endpoint& other);

class MulticastPort : public std::enable_shared_from_this<MulticastPort> {
 public:
  using Endpoint = boost::asio::ip::udp::endpoint;
  /// The bytes are valid during the call; of a datagram that is too long, the first of them.
  using Received = std::function<void(std::span<const std::byte>, const Endpoint& from)>;
  enum class Side : std::uint8_t { asks, hears };
  struct Sent {
    std::size_t far = 0;   ///< on so many networks …
    std::size_t near = 0;  ///< … and on the loopback
    std::string trouble;   ///< "eth0: Network is unreachable": where it did not work, and why
  };

  MulticastPort(boost::asio::io_context& io, const Groups& groups, Side side);
  ~MulticastPort();

  /// What cannot be opened is told by trouble(), if there is nothing else.
  void open(Received received);
  void close();
  /// Why nothing can be sent or heard; empty if something can.
  const std::string& trouble() const noexcept { return trouble_; }

  /// Of a side that hears: becomes a member of the groups on these networks, where it is none.
  void join(const std::vector<Network>& networks);
  /// To the groups, by each of these networks.
  Sent send(std::span<const std::byte> bytes, const std::vector<Network>& networks);
  /// To one. What does not get there is lost, as any datagram may be.
  void send_to(std::span<const std::byte> bytes, const Endpoint& to);

 private:
  struct Line;
  void open(Line& line);
  void read(Line& line);
  void take_what_is_there(Line& line);

  const Side side_;
  std::vector<std::unique_ptr<Line>> lines_;  ///< one for each kind of address
  Received received_;
  std::string trouble_;
};

}  // namespace mw::net
