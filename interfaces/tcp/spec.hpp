// The interface's name, as people write it, and what options may be.
//
// What:    text to options, and what is wrong with either.
// Owner:   values.
// Threads: any.
// Use:
//     TcpOptions options = options_of(":2");                // throws UsageError
//     check(options);                                       // the same
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <mw/tcp.hpp>

#include "net/multicast.hpp"
#include "tcp/launch/started_node.hpp"

namespace mw::tcp {

TcpOptions options_of(std::string_view text);
/// The same for who wants the nodes of a network. Throws UsageError.
TcpOptions options_of(const DiscoverOptions& options);
/// Where nodes find this master by themselves; nothing if they are not to. Throws UsageError.
std::optional<net::Groups> groups_of(const TcpOptions& options);
/// Throws UsageError for what makes no sense; fills in what follows from the rest.
TcpOptions checked(TcpOptions options);
/// The machines that nodes are to be started on. Throws UsageError.
std::vector<LaunchHost> hosts_of(const TcpOptions& options);

}  // namespace mw::tcp
