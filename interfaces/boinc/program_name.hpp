// What this program is called, here and in a BOINC project.
//
// What:    the name it was started by.
// Owner:   values.
// Threads: any.
// Use:
//     options.app = app_name();                                      // "my_search", of "/home/ada/bin/my search"
#pragma once

#include <string>

namespace mw::boinc {

/// This program's name, as it was started, without folders; "application" if it has none.
std::string program_name();
/// The same as a BOINC project may call an application and its files: at most 40 letters, digits, '-' and '_'.
std::string app_name();

}  // namespace mw::boinc
