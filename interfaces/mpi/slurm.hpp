// What Slurm gave, read from the environment of a job or step of it.
//
// What:    how many tasks there are, and what mpiexec's environment must say to find all nodes: within a step that is
//          smaller than its job, Slurm's variables speak of two things, and mpiexec divides by zero.
// Owner:   plain values.
// Threads: any, while nobody changes the environment.
// Use:
//     if (is_in_slurm()) workers = slurm_allocation().tasks - 1;        // throws UsageError
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mw::mpi {

struct SlurmAllocation {
  unsigned tasks = 0;                                            ///< on all nodes together; 0: it does not say
  std::vector<std::pair<std::string, std::string>> for_mpiexec;  ///< variables to be set
};

/// Null where there is no such variable.
using Environment = std::function<const char*(const char* name)>;

/// Whether this process runs in an allocation of Slurm's.
bool is_in_slurm();

/// Throws UsageError, which says what to write, if mpiexec could not use it.
SlurmAllocation slurm_allocation(const Environment& environment);
SlurmAllocation slurm_allocation();

/// "2(x3),1": a number for each node; empty if it is no such list.
std::vector<unsigned> numbers_per_node(std::string_view text);

}  // namespace mw::mpi
