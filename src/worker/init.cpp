// mw::init() of an application; the worker build has its own.
#include <mw/init.hpp>

#include "process/job_control.hpp"
#include "process/standard_streams.hpp"
#include "worker/start.hpp"

namespace mw {

void init(int argc, char** argv) {
  process::open_standard_descriptors();
  process::follow_terminal_stops();
  worker::run_if_worker(argc > 0 && argv[0] ? argv[0] : "program");
  worker::note_init();
  process::check_stdout_at_exit();
}

}  // namespace mw
