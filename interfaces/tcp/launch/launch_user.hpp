// What launchers ask of the master that they start nodes for.
//
// What:    the seam between those who start nodes and the star that these join.
// Owner:   the star, which outlives its launchers.
// Threads: the master's loop.
// Use:     internal; see launches.hpp.
#pragma once

#include <string>
#include <vector>

#include <mw/interface.hpp>

namespace mw::tcp {

/// A node that has joined.
struct JoinedNode {
  std::string name;
  unsigned slots = 1;
  bool is_idle = false;  ///< it was given nothing since it was asked for the last time, and would not be missed
};

class LaunchUser {
 public:
  virtual ~LaunchUser() = default;
  virtual InterfaceHost& host() const noexcept = 0;
  virtual std::vector<JoinedNode> take_joined() = 0;
  virtual bool has_joined(const std::string& node) const = 0;
  /// It is not needed: it finishes what it has, and ends.
  virtual void let_go(const std::string& node) = 0;
  /// A launcher starts no more nodes, for this reason.
  virtual void gave_up(const std::string& why) = 0;
};

}  // namespace mw::tcp
