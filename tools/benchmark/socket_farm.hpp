// A farm with no features: what a few lines on sockets reach, and so the floor for everything with features.
//
// What:    forked workers, one socket pair or TCP connection each, one write() a message. The measurements of the table
//          of docs/performance.md.
// Owner:   the workers live and end inside each call.
// Threads: one at a time, in a process without other threads (it forks).
// Use:
//     double per_second = socket_farm::tasks_per_second(2, 20'000, 16);
#pragma once

#include <cstddef>
#include <cstdint>

namespace mw::benchmark::socket_farm {

/// What joins master and worker.
enum class Link { socket_pair, tcp };

/// W1: `tasks` integers out and back, up to `outstanding` at each worker, one a message.
double tasks_per_second(unsigned workers, std::uint64_t tasks, unsigned outstanding, Link link = Link::socket_pair);
/// W1b: the same work in one message a chunk.
double elements_per_second(unsigned workers, std::uint64_t elements);
/// W2: `tasks` payloads of `bytes` bytes out and back, one at each worker; MiB/s, both ways together.
double mib_per_second(unsigned workers, std::uint64_t tasks, std::size_t bytes, Link link = Link::socket_pair);
/// W4: nanoseconds (steady clock) at which the first result of a new farm came.
std::int64_t first_result_ns(unsigned workers);
/// W6: the median of `rounds` round trips, microseconds.
double round_trip_us(unsigned rounds, Link link = Link::socket_pair);

}  // namespace mw::benchmark::socket_farm
