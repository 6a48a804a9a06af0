#include "mpi/rank/worker.hpp"

#include <algorithm>
#include <utility>

namespace mw::mpi {
namespace {

constexpr std::size_t most_for_worker = std::size_t{8} << 20;
constexpr std::size_t most_for_manager = std::size_t{8} << 20;

}  // namespace

WorkerRank::WorkerRank(boost::asio::io_context& io, World& world, agent::AgentOptions options,
                       std::chrono::milliseconds orphaned_after)
    : io_{io},
      world_{world},
      agent_{io, std::move(options)},
      handler_{[this](int, Tag tag, std::span<const std::byte> bytes) { from_manager(tag, bytes); }},
      orphaned_after_{orphaned_after},
      timer_{io} {}

void WorkerRank::run() {
  agent_.start();
  beat();
  while (!is_over_) {
    bool any = world_.poll(handler_, agent_.backlog() < most_for_worker);
    agent_.flush();
    any |= io_.poll() > 0;
    send_output();
    if (!any) world_.wait(agent_.is_busy() ? Patience::idle : Patience::expecting, handler_);
  }
}

void WorkerRank::from_manager(Tag tag, std::span<const std::byte> bytes) {
  heard_ = Clock::now();
  if (tag == Tag::stream) agent_.receive(bytes);
  if (tag == Tag::quit) quit();
}

void WorkerRank::send_output() {
  while (agent_.has_output() && world_.unsent(0) < most_for_manager) {
    Bytes bytes = *agent_.next_output();
    if (bytes.empty()) continue;
    told_ = Clock::now();
    if (bytes.size() <= World::most_bytes) {
      world_.send(0, Tag::stream, std::move(bytes));
      continue;
    }
    for (auto rest = bytes.span(); !rest.empty();) {
      const auto piece = rest.first(std::min(rest.size(), World::most_bytes));
      world_.send(0, Tag::stream, Bytes{piece});
      rest = rest.subspan(piece.size());
    }
  }
}

void WorkerRank::beat() {
  const auto now = Clock::now();
  // While this process did not run itself, the manager was not silent.
  if (const auto stall = now - std::exchange(beaten_, now) - heartbeat_interval; stall > heartbeat_interval)
    heard_ = std::min(heard_ + stall, now);
  if (now - told_ > heartbeat_interval / 2 && world_.unsent(0) == 0) {
    world_.send(0, Tag::heartbeat, Bytes{});
    told_ = now;
  }
  if (now - heard_ > orphaned_after_) quit();
  timer_.expires_after(heartbeat_interval);
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) beat();
  });
}

void WorkerRank::quit() {
  if (quits_) return;
  quits_ = true;
  agent_.stop([this] { is_over_ = true; });
}

}  // namespace mw::mpi
