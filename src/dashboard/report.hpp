// A run in one file, for later.
//
// What:    the page, with what it showed in it: no server, and nothing from elsewhere.
// Owner:   the caller gets the text.
// Threads: the picture's.
// Use:
//     process::write_file("run.html", report(picture));
#pragma once

#include <string>

#include "watch/picture.hpp"

namespace mw::dashboard {

std::string report(const watch::Picture& picture);

}  // namespace mw::dashboard
