// A room of its own for a process that is not trusted.
//
// What:    Bubblewrap (bwrap(1)) starts it in user, mount, network, process, IPC and host-name namespaces, with no
//          privileges to gain, and a read-only view of what it needs; limits hold for all that it starts. It talks to
//          its starter by the descriptors that it inherits and by files in its folder, as outside. Its group's signals
//          reach it, and its starter's end is its end.
// Owner:   the Child that is returned owns the process, and with it all in the room.
// Threads: any; start() as Child::start().
// Use:
//     const Bubblewrap bubblewrap = Bubblewrap::find(folder);          // throws InterfaceError with the reason why not
//     Child child = bubblewrap.start(io, {.path = "/srv/programs/fold"}, {.folder = slot}, limits);
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "process/child.hpp"

namespace mw::sandbox {

/// What the user wants.
enum class Choice { automatic, bubblewrap, none };
/// Of "auto", "bubblewrap", "none".
std::optional<Choice> choice_of(std::string_view text) noexcept;

/// Where things are in the room.
inline constexpr const char* folder_inside = "/task";
inline constexpr const char* files_inside = "/files";
std::string program_inside(const std::string& path);
std::string input_inside(const std::string& path);
std::string runner_inside(const std::string& path);

struct Room {
  std::string folder;                    ///< may be written to; the process starts there
  std::vector<std::string> inputs = {};  ///< files that it may read
  std::string files = {};                ///< a folder that it may read, and what comes to be there: /files
  std::string runner = {};               ///< a program that runs the program: an emulator
  bool has_system = false;               ///< it sees the programs of this machine, read-only: /usr and what belongs to it
  std::string host_name = "sandbox";     ///< what the machine is called there
};

/// Bytes of each process's data and of each file, and how many processes at a time; 0: no limit.
struct Limits {
  std::uint64_t memory = 0;
  std::uint64_t file_size = 0;
  std::uint64_t processes = 0;
};

/// What each of so many tasks may have: its share of the machine's memory (256 MiB at least), half of what is free on
/// this folder's disk for each file (64 MiB at least), 512 processes.
Limits share_of_machine(unsigned tasks, std::uint64_t memory, const std::string& folder);

/// Descriptors that bwrap has besides the process's own.
struct Wires {
  int info = -1;  ///< it says there which process it has started …
  int gate = -1;  ///< … and lets that one wait until something comes from here
};

/// bwrap's arguments for the command's path and arguments. Pure.
std::vector<std::string> arguments_of(const process::Command& command, const Room& room, const Wires& wires,
                                      bool closes_namespaces);

/// Whether it is a program that needs no library and no interpreter of this machine: a static one.
bool is_self_contained(const std::string& path);

/// How a process ended, of which bwrap tells.
process::Death death_inside(process::Death death) noexcept;

class Bubblewrap {
 public:
  /// Tries it, in this folder. Throws InterfaceError that says why it does not work here; a process::StartError may be
  /// for a want of processes or descriptors, which passes.
  static Bubblewrap find(const std::string& folder);
  /// The command's environment is what it sets; its working directory is the room's folder. Throws InterfaceError.
  process::Child start(boost::asio::io_context& io, const process::Command& command, const Room& room, const Limits& limits) const;

  /// As the user wants it; `folder` is made for a trial, and removed. Nothing: tasks are to run without, and where that
  /// is for want of bubblewrap, `warn` is told why. Throws InterfaceError if it must be there and cannot.
  static std::optional<Bubblewrap> find_if(Choice choice, const std::string& folder,
                                           const std::function<void(const std::string&)>& warn);

 private:
  explicit Bubblewrap(bool closes_namespaces) : closes_namespaces_{closes_namespaces} {}
  bool closes_namespaces_;  ///< this version can: no further user namespaces in the room
};

}  // namespace mw::sandbox
