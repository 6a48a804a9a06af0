// What a master says of itself, as text for people.
//
// What:    the answers of its control channel as lines and tables: of mw ctl, and the screen of mw top. Pure.
// Owner:   values.
// Threads: any.
// Use:
//     for (const std::string& line : status_lines(answer)) print(line);
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

namespace mw::tool {

using TextLines = std::vector<std::string>;

inline constexpr std::size_t any_width = 10'000;

/// Of the answer to `status`, `tasks`, `workers` and `stats`.
TextLines status_lines(const boost::json::object& status);
TextLines task_lines(const boost::json::object& tasks, std::size_t width = any_width);
TextLines worker_lines(const boost::json::object& workers, std::size_t width = any_width);
TextLines stats_lines(const boost::json::object& stats, std::size_t width = any_width);

/// A line that says how far it is: "running, 52 of 100 tasks, 2 run, 1 failed, 4.3/s, 12 s left". `picture` is what
/// GET /picture answers.
std::string progress_line(const boost::json::object& picture);
/// So many lines, none wider than that.
TextLines screen(const boost::json::object& picture, std::size_t width, std::size_t height);

}  // namespace mw::tool
