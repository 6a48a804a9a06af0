// One measurement in this process.
//
// What:    measure(): a workload on a peer, as a number in the workload's unit.
// Owner:   nothing.
// Threads: main's; call it once a process.
// Use:
//     double per_second = measure({"W1p", "multicore", 2, 20'000});
#pragma once

#include <cstdint>
#include <string>

namespace mw::benchmark {

struct Request {
  std::string workload;  ///< "W1a" …
  std::string peer;      ///< "multicore", "mpi", "tcp", "sock", "tcpfarm" or "tlsfarm"
  unsigned workers = 2;
  std::uint64_t tasks = 1;
};

/// Throws mw::UsageError for a workload or peer that does not exist.
double measure(const Request& request);

}  // namespace mw::benchmark
