// The volunteers' page: what people see at the master URL, and clients that look for the scheduler.
//
// What:    HTML without a script, in the dashboard's style: progress, how to take part, workunits, hosts.
// Owner:   nothing.
// Threads: the server's.
// Use:
//     answer.add("Content-Security-Policy", page_policy);
//     answer.set(http::Status::ok, "text/html; charset=utf-8", master_page(project, intake.open_count()));
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "boinc/server/project.hpp"

namespace mw::boinc {

/// What the page may use: its own style sheet. No other page may have it in a frame.
constexpr std::string_view page_policy =
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// With the tags by which a client finds the scheduler. `open_tasks`: those whose results are still to come.
std::string master_page(const Project& project, std::size_t open_tasks);
/// page.css
std::string page_style();

}  // namespace mw::boinc
