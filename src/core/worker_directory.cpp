#include "core/worker_directory.hpp"

#include <fmt/format.h>

#include <mw/error.hpp>

namespace mw::detail {

void WorkerDirectory::throw_forked() const {
  throw UsageError{fmt::format(
      "this process ({}) was forked from the one that made the master ({}), whose threads, workers and connections it does not "
      "have: only that process can ask it. Make the master after fork() or daemon(), or another one in this process",
      ::getpid(), process_)};
}

}  // namespace mw::detail
