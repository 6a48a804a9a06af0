// Which build of a program this process runs.
//
// What:    a number for the very file that runs, and for the libraries that belong to it: by the build ids that linkers
//          put into them, or by their bytes where there is none. Other code, another number; the same file, the same
//          number on each host.
// Owner:   a value.
// Threads: any.
// Use:
//     hello.build = own_build();
#pragma once

#include <cstdint>

namespace mw::process {

/// Fixed by the first call: libraries that are loaded later do not change it. mw::init() makes that call in masters and
/// workers alike. Libraries of the system (/usr, /lib) do not count, as they may differ between hosts.
std::uint64_t own_build() noexcept;

}  // namespace mw::process
