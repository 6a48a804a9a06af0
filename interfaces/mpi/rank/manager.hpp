// Rank 0: passes on what master and workers have for each other.
//
// What:    one socket to the master, one stream of MPI messages to and from each worker. It does not look into what it
//          passes on; it notices workers that fall silent, and tells all to quit when the master's connection closes.
// Owner:   owns the socket.
// Threads: one.
// Use:
//     Manager{io, world, std::move(socket), start.lost_after}.run();       // then world.leave()
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "mpi/rank/world.hpp"
#include "process/timer.hpp"
#include "process/unique_fd.hpp"
#include "wire/frame.hpp"
#include "wire/outgoing.hpp"

namespace mw::mpi {

class Manager {
 public:
  Manager(boost::asio::io_context& io, World& world, process::UniqueFd socket, std::chrono::milliseconds lost_after);
  /// Returns when the job is over and the workers were told.
  void run();

 private:
  using Clock = std::chrono::steady_clock;
  struct Peer {
    Clock::time_point heard{};
    Clock::time_point told{};
    std::uint64_t credit = 0;  ///< bytes that have gone out, and the master does not know yet
    bool is_given_up = false;
  };

  void say_who_is_here();
  void from_worker(int rank, Tag tag, std::span<const std::byte> bytes);
  void read_master();
  void handle(const wire::Frame& frame);
  void flush();
  void give_up(int rank, const std::string& why);
  void look_for_silent_ones();
  void quit();

  boost::asio::io_context& io_;
  World& world_;
  boost::asio::posix::stream_descriptor socket_;
  const std::chrono::milliseconds lost_after_;
  World::Handler handler_;
  std::vector<Peer> peers_;
  wire::FrameReader reader_;
  wire::Outgoing outgoing_;
  process::Timer timer_;
  Clock::time_point looked_ = Clock::now();
  bool waits_for_room_ = false;
  bool is_over_ = false;
};

}  // namespace mw::mpi
