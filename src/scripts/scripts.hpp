// Programs in other languages that workers are, in place of this one.
//
// What:    knows how such a program is started on this machine, and makes one file of it for another one: a Python file
//          goes with cppmw_worker.py, which speaks to the master for it.
// Owner:   values.
// Threads: any.
// Use:
//     scripts::check("score.py");                           // throws UsageError
//     const scripts::Start start = scripts::start_of("score.py");
//     const std::string file = scripts::file_of("score.py");
#pragma once

#include <string>
#include <vector>

namespace mw::scripts {

/// Throws UsageError if it is no program: there is no such file, or it can neither be executed nor is it one of
/// Python's.
void check(const std::string& program);

struct Start {
  std::string path;  ///< looked up in PATH if it has no '/'
  std::vector<std::string> arguments = {};
};
/// Throws InterfaceError if cppmw_worker.py, which a ".py" needs, is not found.
Start start_of(const std::string& program);

/// Whether it runs wherever its language is: a ".py", or a file that begins with "#!".
bool is_for_every_platform(const std::string& program);
/// The bytes of a file that can be executed by itself: of a ".py", one that begins with "#!/usr/bin/env python3" and
/// has cppmw_worker.py in it; else those of the program. Throws InterfaceError if it cannot be read.
std::string file_of(const std::string& program);

}  // namespace mw::scripts
