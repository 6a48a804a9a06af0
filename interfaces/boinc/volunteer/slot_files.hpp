// Files in a folder where a task may have put anything: links, pipes, folders.
//
// What:    they are opened so that nothing is followed and nothing waits, and written anew rather than over what is
//          there.
// Owner:   the caller gets the descriptor.
// Threads: any.
// Use:
//     write_anew(slot / "init_data.xml", text);
//     const process::UniqueFd file = open_plain(slot / "out", O_RDONLY);
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "process/unique_fd.hpp"

namespace mw::boinc {

/// Throws InterfaceError.
void write_anew(const std::filesystem::path& path, const std::string& text);

/// A regular file. Throws InterfaceError if it cannot be opened with these flags (open(2)), or is something else.
process::UniqueFd open_plain(const std::filesystem::path& path, int flags);

std::int64_t size_of(const process::UniqueFd& file);
/// The last bytes, at most `most`.
std::string end_of(const process::UniqueFd& file, std::size_t most);

}  // namespace mw::boinc
