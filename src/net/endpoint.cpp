#include "net/endpoint.hpp"

#include <cstdint>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>

#include <mw/error.hpp>

#include "parse/number.hpp"

namespace mw::net {

namespace asio = boost::asio;

asio::ip::tcp::endpoint endpoint_of(std::string_view listen) {
  const auto colon = listen.rfind(':');
  const auto refuse = [&](std::string_view why) {
    throw InterfaceError{fmt::format("\"{}\" is no address to listen at: {}", listen, why)};
  };
  if (colon == std::string_view::npos) refuse("it has no port");
  std::string_view address = listen.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  const auto port = parse::number<std::uint16_t>(listen.substr(colon + 1));
  if (!port) refuse("its port is not a number from 0 to 65535");
  boost::system::error_code error;
  const auto ip = asio::ip::make_address(address == "localhost" ? "127.0.0.1" : address, error);
  if (error) refuse(error.message());
  return {ip, *port};
}

std::string any_free_port() {
  asio::io_context none;
  asio::ip::tcp::acceptor acceptor{none};
  boost::system::error_code error;
  acceptor.open(asio::ip::tcp::v6(), error);
  if (!error) acceptor.set_option(asio::ip::v6_only{false}, error);
  if (!error) acceptor.bind({asio::ip::tcp::v6(), 0}, error);
  return error ? "0.0.0.0:0" : "[::]:0";
}

HostAndPort host_and_port_of(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    throw UsageError{fmt::format("\"{}\" is not where a master listens, HOST:PORT: {}", text, why)};
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) refuse("it has no port");
  std::string_view host = text.substr(0, colon);
  const bool is_in_brackets = host.starts_with('[') && host.ends_with(']');
  if (is_in_brackets) host = host.substr(1, host.size() - 2);
  if (host.empty()) refuse("it has no host");
  if (!is_in_brackets && host.find(':') != std::string_view::npos) refuse("an IPv6 address stands in brackets: [ADDRESS]:PORT");
  const auto port = parse::number<std::uint16_t>(text.substr(colon + 1));
  if (!port || *port == 0) refuse("its port is not a number from 1 to 65535");
  return {std::string{host}, *port};
}

std::string text_of(const HostAndPort& place) {
  const bool needs_brackets = place.host.find(':') != std::string::npos;
  return needs_brackets ? fmt::format("[{}]:{}", place.host, place.port) : fmt::format("{}:{}", place.host, place.port);
}

std::string text_of(const asio::ip::tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  return text_of(HostAndPort{address.to_string(), endpoint.port()});
}

}  // namespace mw::net
