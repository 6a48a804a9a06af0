// What a project's site says about its daemons.
//
// What:    reads server_status.php?xml=1 of BOINC's html/user: a line for each daemon, as it is at the moment. (The
//          counts of jobs on the same page are up to an hour old.) Not every project has that page, and any site may
//          answer anything under its address.
// Owner:   values.
// Threads: any.
// Use:
//     for (const std::string& daemon : daemons_down(page, "pi")) …         // throws BadMessage
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mw::boinc {

/// What such a page may have, bytes. Those of the largest projects have some 30 KB.
inline constexpr std::size_t longest_server_status = std::size_t{1} << 20;
/// So many daemons are named, each with so many characters.
inline constexpr std::size_t most_daemons_named = 16;
inline constexpr std::size_t longest_daemon_name = 80;

/// Those that should run and do not, as far as jobs of the application need them: "feeder", "sample_bitwise_validator
/// (pi)". Throws BadMessage for what is no such page.
std::vector<std::string> daemons_down(std::string_view page, std::string_view app);

}  // namespace mw::boinc
