// A task's word on how far it is.
//
// What:    set_progress(), called inside a task's function.
// Owner:   nothing.
// Threads: the thread that runs the task.
// Use:
//     for (int i = 0; i < steps; ++i) { step(i); mw::set_progress(double(i + 1) / steps); }
#pragma once

namespace mw {

/// Tells the master that `fraction` (0 to 1) of the running task is done. Cheap: at most 20 messages a second travel.
/// Outside a task it does nothing.
void set_progress(double fraction);

}  // namespace mw
