// Homogeneous redundancy: which hosts compute alike.
//
// What:    host_class() puts a host into a class; the copies of a workunit go to hosts of one class, so that results
//          may be compared bit by bit although processors round differently (BOINC, sched/hr.cpp: fine is its type 1,
//          coarse its type 2). Pure.
// Owner:   values.
// Threads: any.
// Use:
//     if (workunit.hr_class == 0 || workunit.hr_class == host_class(policy, os, vendor, model)) send();
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mw::boinc {

enum class Redundancy : std::uint8_t {
  any,     ///< hosts of all kinds are compared
  coarse,  ///< those of one operating system and processor vendor, Intel and AMD being one
  fine     ///< those of one operating system, vendor and processor family
};

/// Not 0, and the same on every machine; 0 only for Redundancy::any.
std::int64_t host_class(Redundancy redundancy, std::string_view os, std::string_view vendor, std::string_view model);

}  // namespace mw::boinc
