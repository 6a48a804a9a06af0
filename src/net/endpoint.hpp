// Addresses as people write them.
//
// What:    "0.0.0.0:9470", "[::]:9470", "pi1.local:9470": text to endpoint and back.
// Owner:   values.
// Threads: any.
// Use:
//     acceptor.open(endpoint_of("localhost:0").protocol());
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/asio/ip/tcp.hpp>

namespace mw::net {

/// Of "ADDRESS:PORT", "[ADDRESS]:PORT" or "localhost:PORT". Throws InterfaceError.
boost::asio::ip::tcp::endpoint endpoint_of(std::string_view listen);

/// The same way back.
std::string text_of(const boost::asio::ip::tcp::endpoint& endpoint);

/// A free port at all of this machine's addresses: "[::]:0", or "0.0.0.0:0" where there is no IPv6.
std::string any_free_port();

/// Where somebody listens; the host may be a name.
struct HostAndPort {
  std::string host;
  std::uint16_t port = 0;
};
/// Of "HOST:PORT" or "[ADDRESS]:PORT". Throws UsageError.
HostAndPort host_and_port_of(std::string_view text);
/// The same way back.
std::string text_of(const HostAndPort& place);

}  // namespace mw::net
