// Several workers' streams in one connection, as their master sends them.
//
// What:    takes from the workers that have something to say, in turn, no more of each than its far end has room for.
//          The numbers are those of wire/mux.hpp.
// Owner:   refers to the workers.
// Threads: the master's loop.
// Use:
//     streams.add(3, worker);
//     streams.has_output(3);                                // whenever it has
//     streams.fill(outgoing);                               // then: outgoing.write_to(socket)
//     streams.give_credit(3, bytes);                        // its far end has passed on so many
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>

#include "remote/remote_worker.hpp"
#include "wire/outgoing.hpp"

namespace mw::remote {

class WorkerStreams {
 public:
  void add(std::uint32_t number, RemoteWorker& worker) { streams_[number] = {&worker}; }
  /// Nothing more goes out to it.
  void remove(std::uint32_t number) { streams_.erase(number); }
  void has_output(std::uint32_t number);
  /// A number that was not added, or was removed, is ignored.
  void give_credit(std::uint32_t number, std::uint64_t bytes);
  /// Adds relays until enough waits there.
  void fill(wire::Outgoing& outgoing);

 private:
  /// Bytes for a worker that may be on their way at a time.
  static constexpr std::uint64_t window = std::uint64_t{4} << 20;

  struct Stream {
    RemoteWorker* worker = nullptr;
    std::uint64_t room = window;
    bool is_due = false;
  };

  std::unordered_map<std::uint32_t, Stream> streams_;
  std::deque<std::uint32_t> due_;
};

}  // namespace mw::remote
