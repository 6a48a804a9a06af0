#include <mw/init.hpp>

#ifndef MW_WORKER_BUILD
#include "chaos/chaos_run.hpp"
#endif

int main(int argc, char** argv) {
  mw::init(argc, argv);
#ifdef MW_WORKER_BUILD
  return 1;  // a worker never gets here
#else
  return chaos::run_from(argc, argv);
#endif
}
