#include "http/request.hpp"

#include "http/address.hpp"

namespace mw::http {

Request::Request(ClientStream& stream, const Framing& framing, std::span<const boost::asio::ip::address> proxies)
    : stream_{stream}, path_{stream.head().target()}, address_{client_of(stream.head(), stream.address(), proxies)} {
  if (const auto question = path_.find('?'); question != std::string::npos) {
    query_ = path_.substr(question + 1);
    path_.resize(question);
  }
  stream_.begin_body(framing.body_size, framing.expects_continue);
}

std::string_view Request::field(boost::beast::http::field name) const {
  const boost::beast::string_view value = stream_.head()[name];
  return {value.data(), value.size()};
}

}  // namespace mw::http
