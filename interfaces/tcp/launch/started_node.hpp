// A node that the master starts itself: on this machine, or on another one by ssh.
//
// What:    runs `mw node` for this master alone, and starts it again when it has ended before its master. Its key comes
//          to it on stdin, and is in no file, command line or environment.
// Owner:   owns the process.
// Threads: the master's loop; made, and started again, in the thread that lives as long as the master (Child).
// Use:
//     StartedNode node{host, StartedNode::here("127.0.0.1:9470", key, 2, {})};      // throws InterfaceError
//     node.stop(true, [] { … });                            // after the master has said bye to it
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <mw/interface.hpp>
#include <mw/needs.hpp>

#include "net/key_file.hpp"
#include "process/back_off.hpp"

namespace mw::tcp {

/// What a node on this machine is called.
inline constexpr const char* local_node_name = "local";

/// A machine that a node is started on.
struct LaunchHost {
  std::string address;          ///< "pi1", "ada@pi1": as ssh is to have it
  unsigned slots = 0;           ///< 0: as many as it has cores
  std::string machine() const;  ///< without the user
  std::string name() const;     ///< what the node is called
};

class StartedNode {
 public:
  struct Plan {
    std::string name;  ///< the node's
    std::string what;  ///< "the node on pi1": for the log
    std::string program;
    std::vector<std::string> arguments;
    net::Key key{};  ///< of the node with that name
    process::BackOff starts;
  };
  /// On this machine; its slots have these shares. Throws InterfaceError if there is no mw command.
  static Plan here(const std::string& master, const net::KeyFile& key, unsigned slots, const Shares& shares);
  /// On another one, whose `mw` is in the PATH of those who log in.
  static Plan there(const LaunchHost& host, const std::string& master, const net::KeyFile& key);

  StartedNode(InterfaceHost& host, Plan plan);
  ~StartedNode();

  const std::string& name() const noexcept;
  /// "the node on pi1": for people.
  const std::string& what() const noexcept;
  /// What went wrong the last time that it was started or ended; empty if nothing did.
  const std::string& trouble() const noexcept;
  /// How often it could not be started, or ended by itself.
  unsigned ends() const noexcept;
  /// Waits for its end, and helps if that takes long, or at once if it `was_told` nothing; then calls `stopped`.
  void stop(bool was_told, std::function<void()> stopped);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace mw::tcp
