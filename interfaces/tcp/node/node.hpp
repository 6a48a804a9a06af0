// A node: a machine that lends its slots to masters.
//
// What:    dials each of the masters that it was told of, or that it finds on the network, and again when a connection
//          ends, a little later each time; runs what they send. It decides about no task.
// Owner:   owns the connections, and the worker processes behind them.
// Threads: one: run().
// Use:
//     Node node{options};
//     node.run();                                           // until a signal, or as the options say
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <mw/needs.hpp>

#include "net/endpoint.hpp"
#include "net/multicast.hpp"
#include "sandbox/bubblewrap.hpp"
#include "tls/session.hpp"

namespace mw::tcp {

struct NodeOptions {
  std::vector<net::HostAndPort> masters;
  std::optional<net::Groups> groups;  ///< where it looks for masters
  std::string name;                   ///< what masters call it
  tls::Key key{};                     ///< its own
  unsigned slots = 1;                 ///< tasks that run at a time, of all masters
  Shares shares;                      ///< what each slot has, and how many GPUs all have
  std::string folder;                 ///< where programs that came are kept
  std::string platform;               ///< that it says it is, as BOINC calls it; empty: what it is
  std::string runner;                 ///< an emulator that runs that platform's programs; empty: they run by themselves
  sandbox::Choice sandbox = sandbox::Choice::none;
  bool once = false;                       ///< ends when its first master is done, or gone
  std::chrono::milliseconds idle_exit{0};  ///< ends when no master has been there for so long; 0: never
  bool quiet = false;                      ///< says nothing but errors
};

class Node {
 public:
  /// Throws InterfaceError if the folder cannot be used, or a sandbox must be there and cannot.
  explicit Node(NodeOptions options);
  ~Node();

  /// Returns when SIGTERM or SIGINT came and the workers have ended, or as the options say.
  void run();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mw::tcp
