// Programs of CppMW's that others of its programs start.
//
// What:    finds mw and mw_mpi_rank, whether CppMW was built here or installed.
// Owner:   nothing.
// Threads: any.
// Use:
//     const std::string command = find_own_program("mw", MW_COMMAND_PROGRAM);
#pragma once

#include <string>
#include <vector>

namespace mw::process {

/// Where it may be, in the order in which it is looked for: beside this program; where it was built (`built`, empty if
/// it was not); where the CppMW is installed that this program was linked with; beside the `mw` that is in PATH, or in
/// the libexec/cppmw that belongs to that one.
std::vector<std::string> places_of_own_program(const std::string& name, const std::string& built);

/// The same for a file that belongs to CppMW, and is installed in share/cppmw.
std::vector<std::string> places_of_own_data(const std::string& name, const std::string& built);

/// The first of them that can be started; empty if there is none.
std::string find_own_program(const std::string& name, const std::string& built);

}  // namespace mw::process
