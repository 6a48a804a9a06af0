// Which networks MPI is to use on this host.
//
// What:    UCX takes any network that is up. Where every host has the same address on one of them (docker0's
//          172.17.0.1), ranks then connect to themselves. So where there is a choice, it gets those that lead to the
//          other hosts.
// Owner:   plain values.
// Threads: any.
// Use:
//     if (const auto devices = devices_towards("pi1 pi2"); !devices.empty()) setenv("UCX_NET_DEVICES", …);
#pragma once

#include <string>
#include <vector>

namespace mw::mpi {

/// What UCX_NET_DEVICES should be: the networks `towards` the other hosts, and all InfiniBand ports. Empty: as UCX
/// chooses, for want of a choice, or of knowledge.
std::string devices_for(const std::vector<std::string>& towards, const std::vector<std::string>& networks,
                        const std::vector<std::string>& infiniband);

/// "mlx5_0:1" …, of the system's at `root`.
std::vector<std::string> infiniband_ports(const std::string& root = "/sys/class/infiniband");

/// The same of this host; `peers` are names of hosts, with ' ' between them.
std::string devices_towards(const std::string& peers);

}  // namespace mw::mpi
