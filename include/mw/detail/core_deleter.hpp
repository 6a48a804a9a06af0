// How a master's inside ends.
//
// Owner:   a master.
// Threads: its owner's.
// Use:     internal.
#pragma once

namespace mw::detail {

class MasterCore;

/// Ends the core; in a process that was forked from the master's, leaves it alone. Never throws.
struct CoreDeleter {
  void operator()(MasterCore* core) const noexcept;
};

}  // namespace mw::detail
