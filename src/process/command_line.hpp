// How this program was started, and words as a shell takes them.
//
// What:    program_name() is its file's name, command_line() what one would type; quoted() puts quotes around a word
//          that needs them (sh(1)).
// Owner:   the caller gets the text.
// Threads: any.
// Use:
//     "go on with: " + command_line()
#pragma once

#include <string>

namespace mw::process {

/// The name of the file that runs, without its folder.
std::string program_name();

/// All words that this process was started with; just the name where that is not known.
std::string command_line();

/// As one would type it: quoted where it needs to be.
std::string quoted(const std::string& word);

}  // namespace mw::process
