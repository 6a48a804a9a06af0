// Who has a vote: which hosts may be one and the same person.
//
// What:    copies of a workunit go to different voters, since a quorum of one person's hosts proves nothing. A key that
//          is shared, or that anybody may make, tells nobody apart; where a request comes from does a little, for
//          addresses are not free. Pure.
// Owner:   values.
// Threads: any.
// Use:
//     if (voter_of(VoteOf::range, {.host = 3, .user = 1, .range = address_range(address)}) == …) …
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/asio/ip/address.hpp>

namespace mw::boinc {

/// What has one vote.
enum class VoteOf : std::uint8_t {
  host,    ///< every host: volunteers are trusted not to be several
  range,   ///< all hosts behind one range of addresses
  account  ///< all hosts of one account: where each volunteer was given a key of his own
};

/// What one person can easily have all addresses of: of IPv4 a /24 ("203.0.113.0/24"), of IPv6 a /48, this machine's
/// loopback. In a private network (10/8, 172.16/12, 192.168/16, 169.254/16, fd00::/8, fe80::/10) each address is its
/// own, since strangers have none there.
std::string address_range(const boost::asio::ip::address& address);

struct VoterFacts {
  std::int64_t host = 0;
  std::int64_t user = 0;
  std::string_view range;
  bool is_own = false;  ///< a volunteer of the project's own on its machine: each has a vote
};
std::string voter_of(VoteOf one_vote, const VoterFacts& facts);

}  // namespace mw::boinc
