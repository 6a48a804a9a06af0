// A TCP connection of this machine with itself.
//
// What:    both ends of it, without Nagle's delay.
// Owner:   the caller closes both.
// Threads: any.
// Use:
//     int ends[2];
//     connect_loopback(ends);                               // throws std::runtime_error
#pragma once

namespace mw::benchmark {

void connect_loopback(int (&ends)[2]);

}  // namespace mw::benchmark
