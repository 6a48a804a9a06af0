// The first line of main().
//
// What:    init() tells a worker process from the master's, and makes sure that what is printed to stdout is not lost
//          without a word.
// Owner:   nothing.
// Threads: call it once, before any thread is started and before the command line is looked at.
// Use:
//     int main(int argc, char** argv) {
//       mw::init(argc, argv);       // in a worker process this never returns
#pragma once

namespace mw {

/// In a process that a master started as a worker: runs tasks until the master is done with it, and exits; it never
/// returns.
///
/// In the process that a person started: remembers that it was called, and returns; it does not throw. From then on the
/// process ends with exit status 1 and a line on stderr, where it would have ended with 0 although something that it
/// printed to stdout could not be written (a full disk, a closed stdout). Descriptors 0 to 2 that are closed are opened
/// on /dev/null. A library with functions for tasks (a plug-in) must be loaded before this call, in master and workers
/// alike: submit_task refuses functions that come later.
///
/// Ctrl-Z stops the workers on this machine together with the master, and fg lets all of them go on: for that it sets a
/// handler of SIGTSTP, SIGTTIN and SIGTTOU, which stops this process as the signal would have done. It does so only
/// where nobody has set or ignored them before; a handler that a program sets later takes its place.
void init(int argc, char** argv);

}  // namespace mw
