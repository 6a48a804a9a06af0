// What a volunteer's host is: as projects want to know it.
#pragma once

#include <cstdint>
#include <string>

#include "boinc/protocol/scheduler_request.hpp"

namespace mw::boinc {

/// From /proc and uname(2); the disk is the one that `folder` is on.
HostInfo host_facts(const std::string& folder);
/// Bytes; 0 if the system does not say.
std::uint64_t machine_memory() noexcept;
/// BOINC's name for this machine.
std::string own_platform();
/// Floating-point operations a second of one processor, measured for 20 ms of this thread's time on it, so that
/// what else runs on the machine does not count. A rough figure: projects use it for estimates.
double measure_fpops();

}  // namespace mw::boinc
