#include "boinc/policy/voter.hpp"

#include <fmt/format.h>

namespace mw::boinc {
namespace {

namespace ip = boost::asio::ip;

bool is_private(const ip::address_v4& address) {
  const auto bytes = address.to_bytes();
  return bytes[0] == 10 || (bytes[0] == 172 && bytes[1] >= 16 && bytes[1] < 32) || (bytes[0] == 192 && bytes[1] == 168) ||
         (bytes[0] == 169 && bytes[1] == 254);
}

std::string range_of(ip::address_v4 address) {
  if (address.is_loopback()) return "loopback";
  if (is_private(address)) return address.to_string();
  auto bytes = address.to_bytes();
  bytes[3] = 0;
  return ip::address_v4{bytes}.to_string() + "/24";
}

std::string range_of(const ip::address_v6& address) {
  if (address.is_loopback()) return "loopback";
  if (address.is_v4_mapped()) return range_of(ip::make_address_v4(ip::v4_mapped, address));
  auto bytes = address.to_bytes();
  const bool is_unique_local = (bytes[0] & 0xfe) == 0xfc;
  if (is_unique_local || address.is_link_local()) return ip::address_v6{bytes}.to_string();
  constexpr std::size_t kept = 6;  // 48 bits
  for (std::size_t i = kept; i < bytes.size(); ++i) bytes[i] = 0;
  return ip::address_v6{bytes}.to_string() + "/48";
}

}  // namespace

std::string address_range(const ip::address& address) {
  return address.is_v4() ? range_of(address.to_v4()) : range_of(address.to_v6());
}

std::string voter_of(VoteOf one_vote, const VoterFacts& facts) {
  if (facts.is_own || one_vote == VoteOf::host) return fmt::format("host {}", facts.host);
  if (one_vote == VoteOf::account) return fmt::format("account {}", facts.user);
  return fmt::format("addresses {}", facts.range);
}

}  // namespace mw::boinc
