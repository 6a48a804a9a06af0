// Text from outside, made fit for a terminal.
//
// What:    escaped() shows what would move the cursor, change colours, begin a line of its own or turn the direction of
//          writing as \n, \x1b, \u202e; what is no UTF-8 byte by byte. All else stays as it is. Done twice it is done
//          once.
// Owner:   the caller gets a copy.
// Threads: any.
// Use:
//     log::warn(fmt::format("host {}", name));              // log and errors do it by themselves
//     std::cout << log::escaped(name) << '\n';
#pragma once

#include <string>
#include <string_view>

namespace mw::log {

/// On one line.
std::string escaped(std::string_view text);
/// Ends of lines and tabs stay.
std::string escaped_lines(std::string_view text);
/// The same as a string of JSON, in quotation marks, on one line.
std::string json_string(std::string_view text);

}  // namespace mw::log
