// Where checkpoints go.
//
// What:    in a worker that computes for a workunit, mw::save_checkpoint() writes to a file in the slot; elsewhere it
//          does nothing.
// Owner:   the file belongs to whoever runs the workunit.
// Threads: the thread that runs tasks.
// Use:
//     set_checkpoint_folder(folder, interval);  begin_checkpoints(task);
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace mw::worker {

/// The file of the task with this number.
std::string checkpoint_path(const std::string& folder, std::uint64_t task);

void set_checkpoint_folder(std::string folder, std::chrono::milliseconds interval);
/// From here on checkpoints are this task's.
void begin_checkpoints(std::uint64_t task);

}  // namespace mw::worker
