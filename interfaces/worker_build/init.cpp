// mw::init() of a worker build: it never returns.
#include <unistd.h>
#include <mw/init.hpp>

#include <cstdio>
#include <cstdlib>

#include "boinc/slot/run.hpp"
#include "process/job_control.hpp"
#include "process/standard_streams.hpp"
#include "worker/start.hpp"

namespace mw {

void init(int argc, char** argv) {
  process::open_standard_descriptors();
  const char* argv0 = argc > 0 && argv[0] ? argv[0] : "worker";
  process::follow_terminal_stops();
  worker::run_if_worker(argv0);
  if (::access("in", F_OK) == 0) std::exit(slot::run("."));
  std::fprintf(stderr,
               "%s is a worker build: it is started by a BOINC client, in a folder with a workunit in it (\"in\"), or by a master. "
               "The application itself is another file.\n",
               argv0);
  std::exit(2);
}

}  // namespace mw
