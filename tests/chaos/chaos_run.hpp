// The checker's command line.
#pragma once

namespace chaos {

/// Everything but mw::init(); returns the exit status.
int run_from(int argc, char** argv);

}  // namespace chaos
