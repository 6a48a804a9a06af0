// The node's part of finding masters: it asks on the network, again and again.
//
// What:    sends its question on every network that this machine is on at that moment, often while it has no master;
//          tells who has answered and proved its key. Says once why it cannot ask, and once that nobody answers.
// Owner:   a shared_ptr, and what waits on the io_context; owns the sockets.
// Threads: where the io_context runs.
// Use:
//     auto search = std::make_shared<Search>(io, groups, asker, user);
//     search->start();  …  user.found(offer);  …  search->stop();
#pragma once

#include <chrono>
#include <memory>
#include <random>
#include <string>

#include <boost/asio/io_context.hpp>

#include "net/discovery.hpp"
#include "net/multicast.hpp"
#include "process/timer.hpp"

namespace mw::tcp {

class SearchUser {
 public:
  virtual ~SearchUser() = default;
  virtual void found(const net::Offer& offer) = 0;
  virtual bool has_master() const = 0;
  /// For people.
  virtual void say_of_search(const std::string& text) = 0;
};

class Search : public std::enable_shared_from_this<Search> {
 public:
  Search(boost::asio::io_context& io, const net::Groups& groups, net::Asker asker, SearchUser& user);

  void start();
  void stop();
  /// A master was lost: it is asked again at once.
  void hurry();

 private:
  using Clock = std::chrono::steady_clock;

  void ask();
  void ask_after(std::chrono::nanoseconds delay);
  void say_how_it_goes(const net::MulticastPort::Sent& sent);
  void say_once(const std::string& text);
  void take(std::span<const std::byte> bytes, const net::MulticastPort::Endpoint& from);

  const net::Groups groups_;
  net::Asker asker_;
  SearchUser& user_;
  std::shared_ptr<net::MulticastPort> port_;
  process::Timer timer_;
  std::mt19937_64 random_{std::random_device{}()};
  Clock::time_point began_ = Clock::now();
  std::string said_;
  bool is_answered_ = false;
  bool is_over_ = false;
};

}  // namespace mw::tcp
