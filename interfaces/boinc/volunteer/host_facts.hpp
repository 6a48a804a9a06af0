// What a volunteer's host is: as projects want to know it.
#pragma once

#include "boinc/protocol/scheduler_request.hpp"

namespace mw::boinc {

/// From /proc and uname(2).
HostInfo host_facts();
/// BOINC's name for this machine.
std::string own_platform();
/// Floating-point operations a second of one processor, measured for about 0.1 s. A rough figure: projects use it for estimates.
double measure_fpops();

}  // namespace mw::boinc
