// The first line of main().
//
// What:    init() tells a worker process from the master's.
// Owner:   nothing.
// Threads: call it once, before any thread is started and before the command line is looked at.
// Use:
//     int main(int argc, char** argv) {
//       mw::init(argc, argv);       // in a worker process this never returns
#pragma once

namespace mw {

/// In the process that a person started: remembers that it was called, and returns. In a process that a master started as a
/// worker: runs tasks until the master is done with it, and exits.
void init(int argc, char** argv);

}  // namespace mw
