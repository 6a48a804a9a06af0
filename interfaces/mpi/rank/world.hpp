// The other ranks: messages to and from them, and how to wait for either without burning a core.
//
// What:    send() queues bytes for a rank (MPI_Isend), poll() hands over what came (MPI_Irecv, posted ahead). wait()
//          spins for some microseconds, then sleeps in the io_context until one of its sockets, or another rank of this
//          host, wakes it.
// Owner:   owns the buffers of messages under way. A rank that was given up is never touched again.
// Threads: one.
// Use:
//     World world{io, own};                                 // after MPI_Init
//     world.send(3, Tag::stream, std::move(bytes));
//     while (!done) {
//       bool any = world.poll(handler);
//       any |= io.poll() > 0;
//       if (!any) world.wait(Patience::expecting, handler);
//     }
//
// MPICH has no blocking receive that leaves the core alone, so a rank that sleeps says so in memory that the ranks of
// its host share (MPI_Win_allocate_shared), and who sends to it writes into its pipe. The count of what was sent lies
// there, too: a message that MPI has not shown yet is missing, and the rank does not sleep long. Ranks of other hosts
// cannot do that: for them a sleeping rank looks after a time. That time is short while it expects something.
#pragma once

#include <mpi.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <mw/bytes.hpp>

#include "process/timer.hpp"
#include "process/unique_fd.hpp"

namespace mw::mpi {

/// How often ranks tell each other that they are there.
inline constexpr std::chrono::seconds heartbeat_interval{1};

enum class Tag : int { stream = 1, quit = 2, heartbeat = 3 };

enum class Patience {
  expecting,  ///< something should come soon
  idle,       ///< there is no hurry
};

struct RankFacts {
  std::uint32_t pid = 0;
  std::string host;
  std::string place;
  std::uint32_t cores = 0;   ///< that it may use
  std::uint64_t memory = 0;  ///< the same, bytes
};

class World {
 public:
  using Handler = std::function<void(int rank, Tag tag, std::span<const std::byte> bytes)>;

  /// Longest message, bytes.
  static constexpr std::size_t most_bytes = 256 * 1024;

  /// Every rank makes one, with what it has to say of itself. Throws InterfaceError.
  World(boost::asio::io_context& io, const RankFacts& own);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  int rank() const noexcept { return rank_; }
  int size() const noexcept { return size_; }
  const std::vector<RankFacts>& facts() const noexcept { return facts_; }
  /// How many ranks of this one's host are workers.
  unsigned workers_here() const noexcept;

  /// At most most_bytes of them.
  void send(int rank, Tag tag, Bytes bytes);
  /// Bytes for this rank that have not gone out.
  std::size_t unsent(int rank) const noexcept { return peers_[static_cast<std::size_t>(rank)].unsent; }
  /// Called with the sizes of messages to a rank that have gone out.
  void on_sent(std::function<void(int rank, std::size_t bytes)> sent) { sent_ = std::move(sent); }

  /// Called in poll() when nothing can be sent to a rank any more, with MPI's words; give it up then. Without it, this
  /// is the end.
  void on_broken(std::function<void(int rank, const std::string& why)> broken) { broken_ = std::move(broken); }

  /// Takes what came, unless `may_receive` is false, and looks after what goes. True if there was any.
  bool poll(const Handler& handler, bool may_receive = true);
  /// Returns when there may be something to do.
  void wait(Patience patience, const Handler& handler);

  /// This rank is dead: nothing is sent to it any more.
  void give_up(int rank);

  /// How this process ends: by itself, when what it sent has gone out, and without MPI_Finalize. Never returns.
  [[noreturn]] void leave();

 private:
  /// Of one rank, in memory of its own that manager and worker of one host share.
  struct Bell {
    std::atomic<std::uint64_t> to_manager{0};  ///< messages that this worker has sent
    std::atomic<std::uint64_t> to_worker{0};   ///< … and that were sent to it
    std::atomic<std::uint32_t> is_asleep{0};
  };
  struct Message {
    Bytes bytes;
    Tag tag;
  };
  struct Flight {
    MPI_Request request;
    std::unique_ptr<Message> message;
    int rank;
  };
  struct Peer {
    std::deque<std::unique_ptr<Message>> queue;
    std::size_t unsent = 0;
    unsigned in_flight = 0;
    bool is_given_up = false;
    bool is_broken = false;      ///< MPI could not send to it
    std::uint64_t received = 0;  ///< messages from it
    process::UniqueFd bell;
    Bell* hung = nullptr;  ///< in its memory; null: it is on another host, or cannot be woken
    bool rings() const noexcept { return hung != nullptr; }
  };
  struct Buffer {
    MPI_Request request = MPI_REQUEST_NULL;
    std::unique_ptr<std::byte[]> bytes;
  };

  void exchange_facts(const RankFacts& own);
  void post(Buffer& buffer);
  void start_sends(int rank);
  bool finish_sends();
  void breaks(int rank, int result);
  bool report_broken();
  bool receive(const Handler& handler);
  void ring(int rank);
  void listen_to_bell();
  void sleep(std::chrono::microseconds time);
  std::chrono::microseconds sleeping_time(Patience patience);
  bool is_missing_any() const noexcept;
  bool any_far_flight() const noexcept;

  static constexpr unsigned most_in_flight = 4;  ///< for one rank
  static constexpr std::size_t buffer_count = 4;

  boost::asio::io_context& io_;
  int rank_ = 0;
  int size_ = 0;
  std::vector<RankFacts> facts_;
  std::vector<Peer> peers_;
  std::vector<Flight> flights_;
  std::array<Buffer, buffer_count> buffers_;
  std::size_t oldest_ = 0;  ///< of the buffers: messages are taken in the order in which they were matched
  std::function<void(int, std::size_t)> sent_;
  std::function<void(int, const std::string&)> broken_;
  std::vector<std::pair<int, std::string>> newly_broken_;
  unsigned failed_receives_ = 0;  ///< without a good one since

  process::UniqueFd bell_memory_;
  Bell* own_bell_ = nullptr;
  bool all_ring_ = true;
  process::UniqueFd bell_write_;
  boost::asio::posix::stream_descriptor bell_read_;
  std::array<char, 64> rung_{};
  process::Timer alarm_;
  std::chrono::steady_clock::time_point last_event_{};
  std::chrono::microseconds nap_{0};
};

}  // namespace mw::mpi
