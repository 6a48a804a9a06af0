#include "http/address.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "parse/number.hpp"

namespace mw::http {

namespace asio = boost::asio;

std::string url_of(const asio::ip::tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  const std::string host = address.is_unspecified() ? "127.0.0.1"
                           : address.is_v6()        ? "[" + address.to_string() + "]"
                                                    : address.to_string();
  return fmt::format("http://{}:{}/", host, endpoint.port());
}

boost::asio::ip::address client_of(const boost::beast::http::request_header<>& head, const boost::asio::ip::address& sender,
                                   std::span<const boost::asio::ip::address> proxies) {
  const auto is_proxy = [&](const boost::asio::ip::address& address) {
    return std::ranges::find(proxies, address) != proxies.end();
  };
  if (!is_proxy(sender)) return sender;
  std::string said;
  const auto [begin, end] = head.equal_range("X-Forwarded-For");
  for (auto field = begin; field != end; ++field) {
    if (!said.empty()) said += ',';
    said += std::string_view{field->value().data(), field->value().size()};
  }
  boost::asio::ip::address client = sender;
  while (is_proxy(client)) {
    const auto comma = said.rfind(',');
    std::string last = comma == std::string::npos ? said : said.substr(comma + 1);
    said.resize(comma == std::string::npos ? 0 : comma);
    std::erase_if(last, [](char c) { return c == ' ' || c == '\t' || c == '[' || c == ']'; });
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(last, error);
    if (error) return sender;
    client = address;
  }
  return client;
}

std::string network_of(const asio::ip::address& address) {
  if (address.is_v4()) return address.to_string();
  const auto v6 = address.to_v6();
  if (v6.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_string();
  constexpr std::size_t network_bytes = 8;
  auto bytes = v6.to_bytes();
  std::fill(bytes.begin() + network_bytes, bytes.end(), 0);
  return asio::ip::address_v6{bytes}.to_string();
}

}  // namespace mw::http
