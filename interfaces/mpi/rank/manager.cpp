#include "mpi/rank/manager.hpp"

#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "wire/messages.hpp"
#include "wire/mux.hpp"

namespace mw::mpi {
namespace {

/// More than that for the master, and nothing more is taken from the workers.
constexpr std::size_t most_for_master = std::size_t{16} << 20;
/// Credit is given in such pieces, so that small tasks cost no message of it.
constexpr std::uint64_t credit_step = 512 * 1024;

}  // namespace

Manager::Manager(boost::asio::io_context& io, World& world, process::UniqueFd socket, std::chrono::milliseconds lost_after)
    : io_{io},
      world_{world},
      socket_{io, ::dup(socket.get())},
      lost_after_{lost_after},
      handler_{[this](int rank, Tag tag, std::span<const std::byte> bytes) { from_worker(rank, tag, bytes); }},
      peers_(static_cast<std::size_t>(world.size())),
      timer_{io} {
  socket_.non_blocking(true);
  for (Peer& peer : peers_) peer.heard = peer.told = Clock::now();
  world_.on_broken([this](int rank, const std::string& why) { give_up(rank, "it cannot be reached any more: " + why); });
  world_.on_sent([this](int rank, std::size_t bytes) { peers_[static_cast<std::size_t>(rank)].credit += bytes; });
}

void Manager::say_who_is_here() {
  wire::Ranks ranks;
  for (const RankFacts& facts : world_.facts())
    ranks.list.push_back({facts.pid, facts.host, facts.place, facts.cores, facts.memory});
  wire::append(outgoing_.tail(), ranks);
}

void Manager::run() {
  say_who_is_here();
  flush();
  read_master();
  look_for_silent_ones();
  while (!is_over_) {
    const bool has_room = outgoing_.size() < most_for_master;
    bool any = world_.poll(handler_, has_room);
    any |= io_.poll() > 0;
    flush();
    if (!any) world_.wait(Patience::expecting, handler_);
  }
  quit();
}

void Manager::from_worker(int rank, Tag tag, std::span<const std::byte> bytes) {
  peers_[static_cast<std::size_t>(rank)].heard = Clock::now();
  if (tag == Tag::stream) wire::append(outgoing_.tail(), wire::Relay{static_cast<std::uint32_t>(rank), bytes});
}

void Manager::read_master() {
  const auto room = reader_.prepare();
  socket_.async_read_some(boost::asio::buffer(room.data(), room.size()), [this](boost::system::error_code error, std::size_t size) {
    if (error) {
      is_over_ = true;
      return;
    }
    reader_.commit(size);
    while (auto frame = reader_.next()) handle(*frame);
    if (!is_over_) read_master();
  });
}

void Manager::handle(const wire::Frame& frame) {
  switch (frame.type) {
    case wire::FrameType::relay: {
      const auto relay = wire::parse_relay(frame.payload);
      if (relay.rank == 0 || relay.rank >= peers_.size()) throw wire::ProtocolError{"a relay to a rank that is none"};
      peers_[relay.rank].told = Clock::now();
      for (auto rest = relay.bytes; !rest.empty();) {
        const auto piece = rest.first(std::min(rest.size(), World::most_bytes));
        world_.send(static_cast<int>(relay.rank), Tag::stream, Bytes{piece});
        rest = rest.subspan(piece.size());
      }
      return;
    }
    case wire::FrameType::rank_lost: {
      const auto lost = wire::parse_rank_lost(frame.payload);
      if (lost.rank > 0 && lost.rank < peers_.size()) give_up(static_cast<int>(lost.rank), lost.why);
      return;
    }
    case wire::FrameType::bye: is_over_ = true; return;
    default: throw wire::ProtocolError{fmt::format("a master does not send frames of type {}", static_cast<int>(frame.type))};
  }
}

void Manager::flush() {
  for (std::size_t rank = 1; rank < peers_.size(); ++rank) {
    Peer& peer = peers_[rank];
    if (peer.credit < credit_step) continue;
    wire::append(outgoing_.tail(), wire::Credit{static_cast<std::uint32_t>(rank), std::exchange(peer.credit, 0)});
  }
  if (waits_for_room_) return;
  const int error = outgoing_.write_to(socket_.native_handle());
  if (error == 0) return;
  if (error != EAGAIN) {
    is_over_ = true;
    return;
  }
  waits_for_room_ = true;
  socket_.async_wait(boost::asio::posix::stream_descriptor::wait_write, [this](boost::system::error_code failed) {
    waits_for_room_ = false;
    if (!failed) flush();
  });
}

/// What it has sent is still passed on; then the master hears that nothing more will come.
void Manager::give_up(int rank, const std::string& why) {
  Peer& peer = peers_[static_cast<std::size_t>(rank)];
  if (peer.is_given_up) return;
  peer.is_given_up = true;
  for (int i = 0; i < 10; ++i)
    if (!world_.poll(handler_)) std::this_thread::sleep_for(std::chrono::microseconds{200});
  world_.give_up(rank);
  wire::append(outgoing_.tail(), wire::RankLost{static_cast<std::uint32_t>(rank), why});
}

/// The clock counts what this process could have heard: while it did not run itself, nobody was silent.
void Manager::look_for_silent_ones() {
  const auto now = Clock::now();
  if (const auto stall = now - std::exchange(looked_, now) - heartbeat_interval; stall > heartbeat_interval)
    for (Peer& peer : peers_) peer.heard = std::min(peer.heard + stall, now);
  for (std::size_t rank = 1; rank < peers_.size(); ++rank) {
    Peer& peer = peers_[rank];
    if (peer.is_given_up) continue;
    if (now - peer.heard > lost_after_)
      give_up(static_cast<int>(rank),
              fmt::format("nothing was heard of it for {:.1f} s", std::chrono::duration<double>(now - peer.heard).count()));
    else if (now - peer.told > heartbeat_interval && world_.unsent(static_cast<int>(rank)) == 0)
      world_.send(static_cast<int>(rank), Tag::heartbeat, Bytes{}), peer.told = now;
  }
  timer_.expires_after(heartbeat_interval);
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) look_for_silent_ones();
  });
}

void Manager::quit() {
  world_.on_sent(nullptr);
  for (std::size_t rank = 1; rank < peers_.size(); ++rank) world_.send(static_cast<int>(rank), Tag::quit, Bytes{});
}

}  // namespace mw::mpi
