#include "mpi/rank/ancestors.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "mpi/environment.hpp"
#include "parse/number.hpp"
#include "process/place.hpp"

namespace mw::mpi {

pid_t master_here() {
  const char* const place = std::getenv(variable_place);
  const char* const probe = std::getenv(variable_probe);
  return place && probe && *place && place == process::own_place() ? parse::leading_number<int>(probe).value_or(0) : 0;
}

namespace {

/// Whether `child` of `pid` can only be an adopted one: `pid` is process 1, or above the master, or the master itself,
/// which makes each of its children the leader of a group. (That is who started this rank where mpiexec is of another
/// MPI and needs no proxy.) `master` may be 0.
bool has_adopted(pid_t pid, pid_t child, pid_t master) {
  constexpr pid_t init = 1;
  if (pid == init) return true;
  if (pid == master && ::getpgid(child) == child) return false;
  for (pid_t above = master; above > init; above = process::parent_of(above))
    if (above == pid) return true;
  return false;
}

bool has_ended(pid_t pid) { return ::kill(pid, 0) != 0 && errno == ESRCH; }

}  // namespace

Ancestors::Ancestors(pid_t master)
    : parent{::getppid()},
      grandparent{process::parent_of(parent)},
      came_too_late{has_adopted(grandparent, parent, master) || (master > 0 && has_ended(master))} {}

}  // namespace mw::mpi
