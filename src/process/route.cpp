#include "process/route.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>

#include "process/unique_fd.hpp"

namespace mw::process {
namespace {

struct Network {
  std::string name;
  in_addr address;
  bool is_loopback;
};

std::vector<Network> all_networks() {
  std::vector<Network> found;
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return found;
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner{first, ::freeifaddrs};
  for (const ifaddrs* one = first; one; one = one->ifa_next) {
    if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET || !(one->ifa_flags & IFF_UP)) continue;
    const in_addr address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr;
    found.push_back({one->ifa_name, address, (one->ifa_flags & IFF_LOOPBACK) != 0});
  }
  return found;
}

std::optional<sockaddr_in> address_of(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), "9", &hints, &found) != 0) return std::nullopt;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner{found, ::freeaddrinfo};
  return *reinterpret_cast<const sockaddr_in*>(found->ai_addr);
}

bool is_own(in_addr address) {
  if ((ntohl(address.s_addr) >> 24) == IN_LOOPBACKNET) return true;
  const auto list = all_networks();
  return std::any_of(list.begin(), list.end(), [&](const Network& one) { return one.address.s_addr == address.s_addr; });
}

/// A datagram socket that is connected has looked up its route, and has the address of this end.
std::optional<in_addr> own_end_towards(const sockaddr_in& there) {
  const UniqueFd socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  sockaddr_in here{};
  socklen_t size = sizeof here;
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&there), sizeof there) != 0 ||
      ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&here), &size) != 0)
    return std::nullopt;
  return here.sin_addr;
}

}  // namespace

std::optional<std::string> address_towards(const std::string& host) {
  const auto there = address_of(host);
  const auto here = there ? own_end_towards(*there) : std::nullopt;
  if (!here) return std::nullopt;
  char text[INET_ADDRSTRLEN] = {};
  return ::inet_ntop(AF_INET, &*here, text, sizeof text) ? std::optional<std::string>{text} : std::nullopt;
}

std::optional<std::string> network_towards(const std::string& host) {
  const auto there = address_of(host);
  if (!there || is_own(there->sin_addr)) return std::nullopt;
  const auto here = own_end_towards(*there);
  if (!here) return std::nullopt;
  for (const Network& network : all_networks())
    if (!network.is_loopback && network.address.s_addr == here->s_addr) return network.name;
  return std::nullopt;
}

std::vector<std::string> networks() {
  std::vector<std::string> names;
  for (const Network& network : all_networks())
    if (!network.is_loopback) names.push_back(network.name);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

bool is_own_address(const std::string& text) {
  in_addr address{};
  return ::inet_pton(AF_INET, text.c_str(), &address) == 1 && is_own(address);
}

}  // namespace mw::process
