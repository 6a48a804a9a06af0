// The master's part of being found: it answers nodes that ask on the network.
//
// What:    hears on every network that this machine is on, those that come up later, too; answers a node that proves
//          its key with the address by which that node reaches this master. Who proves nothing gets no answer.
// Owner:   a shared_ptr, and what waits on the io_context; owns the sockets.
// Threads: where the io_context runs.
// Use:
//     auto beacon = std::make_shared<Beacon>(io, groups, key, acceptor.local_endpoint(), stranger);
//     beacon->start();  …  beacon->stop();
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "net/discovery.hpp"
#include "net/multicast.hpp"
#include "process/timer.hpp"

namespace mw::tcp {

/// What a master of this endpoint tells who asks from there: nothing where that one could not reach it. `own` finds
/// this machine's address towards it.
std::optional<boost::asio::ip::tcp::endpoint> place_for(const boost::asio::ip::tcp::endpoint& listens_at,
                                                        const boost::asio::ip::address& asker,
                                                        const std::function<std::optional<boost::asio::ip::address>()>& own);

class Beacon : public std::enable_shared_from_this<Beacon> {
 public:
  /// A node of this name asks from there, and has another key.
  using Stranger = std::function<void(const std::string& node, const std::string& address)>;

  Beacon(boost::asio::io_context& io, const net::Groups& groups, const net::KeyFile& key,
         const boost::asio::ip::tcp::endpoint& listens_at, Stranger stranger);

  void start();
  void stop();
  /// Why nobody can be heard; empty if all is well.
  const std::string& trouble() const noexcept { return port_->trouble(); }

 private:
  void look_for_networks();
  void hear(std::span<const std::byte> bytes, const net::MulticastPort::Endpoint& from);

  const boost::asio::ip::tcp::endpoint listens_at_;
  const net::Answerer answerer_;
  const Stranger stranger_;
  std::shared_ptr<net::MulticastPort> port_;
  process::Timer timer_;
  bool is_over_ = false;
};

}  // namespace mw::tcp
