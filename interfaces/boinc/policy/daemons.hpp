// The daemons of a BOINC project, as far as jobs need them.
//
// What:    which of them a run waits for. Those that clean up may be down: results come all the same.
// Owner:   values.
// Threads: any.
// Use:
//     if (needs_daemon("file_deleter", "", "pi")) …          // no
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace mw::boinc {

/// `program`: its file's name; `of_app`: the application that it is for, empty: all of them.
inline bool needs_daemon(std::string_view program, std::string_view of_app, std::string_view app) {
  constexpr std::array<std::string_view, 4> cleaners{"file_deleter", "antique_file_deleter", "db_purge", "db_dump"};
  return (of_app.empty() || of_app == app) && std::find(cleaners.begin(), cleaners.end(), program) == cleaners.end();
}

}  // namespace mw::boinc
