// What the user asked for: options from text, and hosts.
//
// What:    options_of() reads what follows "mpi" in an interface's name; hosts_of() reads host lists and files.
// Owner:   plain values.
// Threads: any.
// Use:
//     MpiOptions options = options_of(":8?hosts=a,b:4");    // throws UsageError
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <mw/mpi.hpp>

namespace mw::mpi {

struct HostSlots {
  std::string name;
  unsigned slots = 1;
  std::string user = {};  ///< to log in as; empty: as ssh chooses
};

MpiOptions options_of(std::string_view text);

/// The hosts that the options name, in order, each once; none if they name none. Throws UsageError.
std::vector<HostSlots> hosts_of(const MpiOptions& options);

/// How many workers these options mean. Throws UsageError, also where Slurm gave what cannot be used.
unsigned workers_of(const MpiOptions& options, const std::vector<HostSlots>& hosts);

/// How many of `workers` on the hosts `before` are left on the `rest` of them: one a slot if it was so, else in
/// proportion.
unsigned workers_on(const std::vector<HostSlots>& rest, const std::vector<HostSlots>& before, unsigned workers);

}  // namespace mw::mpi
