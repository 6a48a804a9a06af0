// Which machine this is, and what other processes on it have open.
//
// What:    own_place() names the machine as far as sharing memory goes: two processes with the same place see each
//          other's descriptors under /proc (proc(5)). open_descriptor() opens such a one.
// Owner:   the caller gets the descriptor.
// Threads: any.
// Use:
//     if (theirs == own_place()) fd = open_descriptor({pid, descriptor, inode});
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "process/unique_fd.hpp"

namespace mw::process {

/// The running kernel, the namespaces and the user; empty where that cannot be told.
std::string own_place();

/// The parent of another process; 0 if there is none, or no such process.
pid_t parent_of(pid_t pid);

/// What this machine is called.
std::string host_name();

/// Where programs of this user keep what must outlive them (XDG Base Directory Specification), with our name behind it:
/// ~/.local/state/cppmw. Throws InterfaceError where there is no home.
std::string state_folder();

/// Where programs of this user keep what need not outlive them: cppmw-UID in the folder for temporary files.
std::string temporary_folder_path();

/// Makes that folder, for nobody else, if it is not there. Throws InterfaceError if it cannot be made, or is not this
/// user's alone.
std::string make_temporary_folder();

/// Whether it is a folder, no link to one, of this user, that nobody else may look into.
bool is_for_user_alone(const std::string& folder) noexcept;

/// A file that another process has open; its inode tells it from one that took its number since.
struct ForeignFile {
  std::uint32_t pid = 0;
  std::uint32_t descriptor = 0;
  std::uint64_t inode = 0;
};

/// Opens it for reading and writing; -1 if this process has no descriptor free. Throws InterfaceError if it is not
/// there any more, or not to be had.
UniqueFd open_descriptor(const ForeignFile& file);

/// 0 if there is no such descriptor.
std::uint64_t inode_of(int fd) noexcept;

}  // namespace mw::process
