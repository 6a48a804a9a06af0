// Who started a rank, and whether that one is still there.
//
// What:    Hydra's proxy and, above it, mpiexec or what stands for it on another host. A process whose parent has ended
//          is adopted: by process 1, or by one further up that asked for orphans (prctl(2), PR_SET_CHILD_SUBREAPER), as
//          `systemd --user` does.
// Owner:   numbers of processes only.
// Threads: any.
// Use:
//     const Ancestors ancestors{master_here()};         // first in main()
//     if (ancestors.came_too_late) …                    // mpiexec had ended before
#pragma once

#include <sys/types.h>

namespace mw::mpi {

/// The master's process, if it runs where this one does; else 0.
pid_t master_here();

struct Ancestors {
  /// `master` may be 0.
  explicit Ancestors(pid_t master);
  pid_t parent;
  pid_t grandparent;
  bool came_too_late;  ///< the grandparent is one that adopted the parent, or the master has ended
};

}  // namespace mw::mpi
