// The serial interface: tasks one after the other, in the master's own process.
//
// What:    for debugging: breakpoints, sanitizers and profilers see the tasks. What a task prints with C++ or C streams
//          is kept with it; a task that crashes takes the program with it.
// Owner:   the master that it is given to.
// Threads: one thread of its own runs the tasks.
// Use:
//     mw::Master master{mw::SerialInterface{}};            // or mw::interface("serial")
#pragma once

#include <mw/interface.hpp>

namespace mw {

/// One slot. It cannot stop a function: a task that is cancelled or out of time ends for its master at once, and its
/// slot is free when the function returns. See interfaces/serial/README.md.
class SerialInterface : public InterfaceHandle {
 public:
  /// Starts nothing yet.
  SerialInterface();
};

}  // namespace mw
