// What CppMW has to say while it runs: to stderr, never to stdout.
//
// What:    warnings (a worker was lost), news (one was let go) and details, each on one line (escaped()).
//          MW_LOG=off|error|warning|info|debug chooses; the default is warning. With MW_LOG_FORMAT=json, each line is a
//          JSON object: time, level, program, pid, message.
// Owner:   the process: its stderr.
// Threads: any.
// Use:
//     log::warn(fmt::format("{} was lost", worker));
#pragma once

#include <string_view>

namespace mw::log {

void warn(std::string_view text);
void info(std::string_view text);
void debug(std::string_view text);

}  // namespace mw::log
