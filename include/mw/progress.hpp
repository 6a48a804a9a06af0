// A task's word on how far it is.
//
// What:    set_progress() and should_stop(), called inside a task's function.
// Owner:   nothing.
// Threads: the thread that runs the task.
// Use:
//     for (int i = 0; i < steps; ++i) { step(i); mw::set_progress(double(i + 1) / steps); }
#pragma once

namespace mw {

/// Tells the master that `fraction` (0 to 1) of the running task is done. Cheap: at most 20 messages a second travel.
/// Outside a task it does nothing.
void set_progress(double fraction);

/// Whether the running task is past its soft limit and should end soon, with what it has. Outside a task, or without a limit,
/// false.
bool should_stop() noexcept;

}  // namespace mw
