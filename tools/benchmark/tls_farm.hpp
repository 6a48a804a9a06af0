// A farm with no features but encryption: the floor for what goes over a network.
//
// What:    forked workers, a TCP connection over loopback each, under TLS 1.3; blocking reads and writes, nothing else.
// Owner:   the workers live and end inside each call.
// Threads: one at a time, in a process without other threads (it forks).
// Use:
//     double mib = tls_farm::mib_per_second(2, 1'000, 1 << 20);
#pragma once

#include <cstddef>
#include <cstdint>

namespace mw::benchmark::tls_farm {

/// W2: `tasks` payloads of `bytes` bytes out and back, one at each worker; MiB/s, both ways together.
double mib_per_second(unsigned workers, std::uint64_t tasks, std::size_t bytes);
/// W6: the median of `rounds` round trips, microseconds.
double round_trip_us(unsigned rounds);

}  // namespace mw::benchmark::tls_farm
