// The rooms of a node's workers: each has its own, where it is not trusted with what the node may.
//
// What:    a worker sees its program, a folder of its own, the files that its master has sent, and the system's
//          programs, and reaches no network and no process but its own; limits hold for each (src/sandbox). Its room is
//          new for each process, and removed with it.
// Owner:   one Rooms a connection, which owns the folders; a Lodging refers to what it was made of.
// Threads: where the io_context runs.
// Use:
//     Rooms rooms{bubblewrap, runner, slots};               // throws InterfaceError if there is no folder to be had
//     options.program.lodging = rooms.lodging();
//     options.files_folder = rooms.files_folder();
#pragma once

#include <memory>
#include <string>

#include "link/worker_process.hpp"
#include "sandbox/bubblewrap.hpp"

namespace mw::tcp {

class Rooms {
 public:
  /// `runner`: an emulator, by its path; empty: none.
  Rooms(sandbox::Bubblewrap bubblewrap, std::string runner, unsigned slots);
  ~Rooms();
  Rooms(const Rooms&) = delete;
  Rooms& operator=(const Rooms&) = delete;

  /// A new one, for one slot.
  std::shared_ptr<link::Lodging> lodging();
  /// Where files that come are to be, for all slots.
  std::string files_folder() const { return folder_ + "/files"; }

 private:
  const sandbox::Bubblewrap bubblewrap_;
  const std::string runner_;
  const unsigned slots_;
  std::string folder_;
  unsigned rooms_ = 0;
};

}  // namespace mw::tcp
