// Which of this machine's networks leads where.
//
// What:    asks the kernel's routing table; nothing is sent.
// Owner:   plain values.
// Threads: any. network_towards() and address_towards() may ask a name server, and wait for it.
// Use:
//     if (auto network = network_towards("pi2")) …          // "eth0"
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace mw::process {

/// The network interface that packets to this host leave by. None if the name, or the way, is not known, or it is this
/// machine.
std::optional<std::string> network_towards(const std::string& host);

/// This machine's address that packets to this host leave from: by which that host reaches it, if no router stands
/// between that changes addresses. None if the name, or the way, is not known.
std::optional<std::string> address_towards(const std::string& host);

/// Names of the network interfaces that are up and have an IPv4 address, without the loopback, sorted.
std::vector<std::string> networks();

/// Whether this text is an IPv4 address of this machine's.
bool is_own_address(const std::string& text);

}  // namespace mw::process
