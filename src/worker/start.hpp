// How a process learns that it is a worker.
//
// What:    a backend starts this program with MW_WORKER=fd:N,… in its environment, N being the socket to its master;
//          mw::init() finds it there, removes it, and serves.
// Owner:   nothing.
// Threads: as mw::init().
// Use:     internal.
#pragma once

#include <atomic>
#include <cstdint>

namespace mw::worker {

/// The one variable that makes a process a worker.
inline constexpr const char* environment_name = "MW_WORKER";

/// The folder of the workunit that the worker computes for, whose results are compared with other hosts'.
inline constexpr const char* workunit_environment_name = "MW_WORKUNIT";

/// … and the seconds between its checkpoints; 60 if that is not there.
inline constexpr const char* checkpoint_environment_name = "MW_CHECKPOINT_S";

/// Whether mw::init() ran in this process.
bool init_was_called() noexcept;
void note_init() noexcept;

/// In a process that was started as a worker: serves, and exits. Else it returns.
void run_if_worker(const char* argv0);

/// Throws InterfaceError if this process was started as a worker and went past the place where mw::init() should be: a
/// master in it would start workers in turn, and so on.
void refuse_master_in_worker();

/// Where the process group of the program that this worker runs is written down; null in a process that is no worker,
/// and has no master that would look there.
std::atomic<std::uint32_t>* program_group() noexcept;

/// The signal a worker gets when its master dies: it ends the worker's whole process group.
int orphan_signal() noexcept;

}  // namespace mw::worker
