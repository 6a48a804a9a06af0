// What a running task says of how far it is, and asks of its time limit.
//
// What:    set_progress() and should_stop(), called inside a task's function.
// Owner:   nothing.
// Threads: the thread that runs the task; in a worker process, any thread of the task's.
// Use:
//     for (int i = 0; i < steps; ++i) { step(i); mw::set_progress(double(i + 1) / steps); }
#pragma once

namespace mw {

/// Tells the master that `fraction` (0 to 1; others are ignored) of the running task is done: TaskHandle::progress().
/// Cheap: at most 20 messages a second travel. Outside a task it does nothing.
void set_progress(double fraction);

/// Whether the running task is past its soft limit and should end soon, with what it has. False outside a task, and
/// without a limit. Cheap enough for an inner loop that takes microseconds.
bool should_stop() noexcept;

}  // namespace mw
