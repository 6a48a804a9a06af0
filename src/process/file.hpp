// Whole files.
//
// What:    read_file() reads one to its end; write_file() writes one so that it is there whole or not at all.
// Owner:   the caller gets the bytes.
// Threads: any.
// Use:
//     const Bytes bytes = read_file("in");  write_file("state.json", text, 0600);       // both throw InterfaceError
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <mw/bytes.hpp>

namespace mw::process {

/// A regular file. Throws InterfaceError that names the file and the reason.
Bytes read_file(const std::string& path);
/// The same, as text.
std::string read_text_file(const std::string& path);
/// The same of a file that only its owner may read; if others may, that is an InterfaceError, too.
std::string read_secret_file(const std::string& path);
/// All of it, to a file that is open; `path` is for the error. Throws InterfaceError, also where a signal would end the
/// process (see NoWriteSignals).
void write_all(int file, std::span<const std::byte> bytes, const std::string& path);
/// Through a file beside it, and by rename; on the disk when it returns. Throws InterfaceError.
void write_file(const std::string& path, std::string_view bytes, mode_t mode = 0644);
/// A new file, for something that can be made again: nothing is waited for. Throws InterfaceError.
void write_new_file(const std::string& path, std::string_view bytes);

}  // namespace mw::process
