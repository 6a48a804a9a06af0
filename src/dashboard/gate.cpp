#include "dashboard/gate.hpp"

#include <array>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/asio/ip/address.hpp>
#include <boost/beast/core/string.hpp>

#include "crypto/secrets.hpp"

namespace mw::dashboard {
namespace {

/// "[::1]:80" → "::1"; "localhost:80" → "localhost".
std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    return end == std::string_view::npos ? std::string_view{} : host.substr(1, end - 1);
  }
  return host.substr(0, host.find(':'));
}

bool is_same_name(std::string_view one, std::string_view other) {
  return boost::beast::iequals({one.data(), one.size()}, {other.data(), other.size()});
}

bool is_address(std::string_view host) {
  boost::system::error_code error;
  boost::asio::ip::make_address(std::string{host}, error);
  return !error;
}

}  // namespace

const char* Gate::refusal_of(std::string_view host, std::string_view origin) const {
  const std::string_view name = without_port(host);
  // A name that somebody else's DNS server answers for cannot be an address.
  if (!is_same_name(name, "localhost") && !is_same_name(name, machine_) && !is_address(name))
    return "This machine has no such name: use localhost, its address, or its own name.";
  if (origin.empty()) return nullptr;
  for (const std::string_view scheme : {"http://", "https://"})
    if (origin.starts_with(scheme) && is_same_name(origin.substr(scheme.size()), host)) return nullptr;
  return "This is not for pages from elsewhere.";
}

bool Gate::has_key(std::string_view authorization, std::string_view address, http::Pace::Time now) {
  constexpr std::string_view scheme = "Bearer ";
  if (!authorization.starts_with(scheme) || !wrong_keys_.may(address, now)) return false;
  const std::string_view given = authorization.substr(scheme.size());
  if (crypto::is_same(std::as_bytes(std::span{given}), std::as_bytes(std::span{key_}))) return true;
  wrong_keys_.take(address, now);
  return false;
}

std::string new_key() {
  std::string text;
  for (const std::byte one : crypto::random_bytes<16>()) text += fmt::format("{:02x}", static_cast<unsigned>(one));
  return text;
}

}  // namespace mw::dashboard
