// Addresses: what a server is called, and whom a request comes from.
//
// What:    endpoint to URL; the client behind a proxy, and the network that it is part of.
// Owner:   values.
// Threads: any.
// Use:
//     if (!pace.take(network_of(client_of(head, sender, proxies)), Clock::now())) …429…
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/message.hpp>

namespace mw::http {

/// "http://ADDRESS:PORT/"; where a server listens at all of this machine's addresses, its loopback one.
std::string url_of(const boost::asio::ip::tcp::endpoint& endpoint);

/// Whom a request comes from: who sent it, unless that is one of these proxies; then the last address in its
/// X-Forwarded-For fields that is none of them. What stands before that was written by the client.
boost::asio::ip::address client_of(const boost::beast::http::request_header<>& head, const boost::asio::ip::address& sender,
                                   std::span<const boost::asio::ip::address> proxies);

/// What one customer has: an address of IPv4, or a network of IPv6 (/64).
std::string network_of(const boost::asio::ip::address& address);

}  // namespace mw::http
