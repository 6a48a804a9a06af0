// A node's connection to one master, from dialling on.
//
// What:    dials, greets, takes the program in, starts an agent for each slot, and moves their streams.
// Owner:   a shared_ptr, and what waits on the io_context; owns the channel and the agents.
// Threads: where the io_context runs.
// Use:
//     auto session = std::make_shared<MasterSession>(io, setting, master, [](const SessionEnd& end) { … });
//     session->dial();
//     session->pump();                                      // after whatever happened on the io_context
//     session->leave();                                     // when its tasks are done; a second time: at once
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

#include "agent/agent.hpp"
#include "channel/channel.hpp"
#include "process/timer.hpp"
#include "tcp/node/build_store.hpp"
#include "tcp/node/node.hpp"
#include "tcp/node/rooms.hpp"
#include "tcp/node/slot_shares.hpp"
#include "wire/node_messages.hpp"

namespace mw::tcp {

/// How a connection came to its end, or did not come about.
struct SessionEnd {
  std::string why;
  bool was_joined = false;   ///< its workers had been started
  bool was_refused = false;  ///< the master gave a reason
  bool is_done = false;      ///< the master said bye
};

class MasterSession final : private channel::ChannelUser, public std::enable_shared_from_this<MasterSession> {
 public:
  using Ended = std::function<void(const SessionEnd&)>;

  /// `options`, `store` and `bubblewrap` outlive it. `ended` is called once, when the agents' workers have ended, too.
  MasterSession(boost::asio::io_context& io, const NodeOptions& options, const BuildStore& store,
                const std::optional<sandbox::Bubblewrap>& bubblewrap, const net::HostAndPort& master, Ended ended);
  ~MasterSession() override;

  void dial();
  /// Passes on what agents and channel have for each other.
  void pump();
  /// Takes no more tasks, and ends when those that run have ended; called again, it ends at once.
  void leave();

  /// Its workers are there, or have not all ended.
  bool has_slots() const noexcept { return !slots_.empty() && phase_ != Phase::over; }
  /// What its master wants, and how its workers are, under this number.
  SlotClaim claim(std::uint64_t number) const;
  /// The slot is its master's from now on, or is not.
  void lend(std::uint32_t slot, bool is_lent);
  /// Whether there are other masters, so that this one is to say what it wants.
  void share(bool is_shared);

  bool is_joined() const noexcept { return phase_ == Phase::running; }
  /// "pi1.local:9470"
  const std::string& text() const noexcept { return text_; }

 private:
  enum class Phase { dialling, greeting, fetching, running, ending, over };
  struct Slot {
    std::unique_ptr<agent::Agent> agent;
    std::uint64_t credit = 0;  ///< bytes that have come, and the master does not know to be passed on
  };

  // channel::ChannelUser
  void established() override;
  void frame(const wire::Frame& frame) override;
  void has_room() override {}
  void closed(const std::string& why) override { end({.why = why, .was_joined = phase_ == Phase::running}); }

  void connect(boost::asio::ip::tcp::resolver::results_type addresses);
  void handle(const wire::Frame& frame);
  void handle_welcome(const wire::NodeWelcome& welcome);
  void handle_piece(const wire::BuildPiece& piece);
  void start_workers();
  void want_build();
  void want_nothing();
  void relay(std::uint32_t number, Bytes bytes);
  void end(SessionEnd how);
  void say_if_over();

  boost::asio::io_context& io_;
  const NodeOptions& options_;
  const BuildStore& store_;
  const std::optional<sandbox::Bubblewrap>& bubblewrap_;
  const net::HostAndPort master_;
  const std::string text_;
  Ended ended_;
  Phase phase_ = Phase::dialling;
  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::ip::tcp::socket socket_;
  process::Timer timer_;
  std::shared_ptr<channel::Channel> channel_;
  wire::NodeWelcome welcome_;
  std::optional<Delivery> delivery_;
  std::optional<Rooms> rooms_;     ///< after the slots, which have files there
  std::vector<Resources> shares_;  ///< by slot
  std::vector<Slot> slots_;
  wire::SlotsWanted wanted_;
  bool is_shared_ = false;
  std::size_t agents_ending_ = 0;
  bool leaves_ = false;
  SessionEnd how_;
};

}  // namespace mw::tcp
