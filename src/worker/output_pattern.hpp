// Patterns of files that come back from a task.
//
// What:    which paths in a task's folder a pattern names (`*`, `?`, `[…]` within a name, `**` in place of folders),
//          and where each of them goes. Bytes are compared, whatever the locale: worker and master come to the same
//          answer.
// Owner:   nothing.
// Threads: any.
// Use:
//     if (const std::string why = pattern_error("frames/*.png"); !why.empty()) …
//     matches("frames/*.png", "frames/0001.png")                       // true
//     destination({"frames/*.png", "/home/x/pictures/"}, "frames/0001.png")   // "/home/x/pictures/0001.png"
#pragma once

#include <string>
#include <string_view>

#include <mw/task_options.hpp>

namespace mw::worker {

/// In place of a name: any folders, also none.
inline constexpr std::string_view any_folders = "**";

/// Why it is no path or pattern in a task's folder: "is absolute", …; empty if it is one.
std::string pattern_error(std::string_view pattern);

/// Whether it may name more than one file.
bool is_pattern(std::string_view pattern) noexcept;

/// One name, without a '/'. In time that is at most the product of the two lengths.
bool matches_name(std::string_view pattern, std::string_view name) noexcept;
/// A whole path. A name that is no pattern matches itself. A path that path_error() refuses matches nothing.
bool matches(std::string_view pattern, std::string_view path);

/// The folders that a path or pattern begins with, as far as they have no wildcard: "frames/", or "".
std::string_view folder_of(std::string_view pattern) noexcept;

/// Where a file that `output.from` matches goes; `output.to` is not empty.
std::string destination(const OutputFile& output, std::string_view path);

}  // namespace mw::worker
