// What waits to be written to a worker.
//
// What:    messages, and the large arguments of tasks: written from where they are, or handed over as descriptors of shared memory.
// Owner:   holds the tasks whose arguments are not written yet.
// Threads: the master's loop.
// Use:
//     wire::append(outgoing.tail(), message);
//     outgoing.attach(task);                                // its arguments follow
//     if (outgoing.write_to(socket) == EAGAIN) wait_for_room();
#pragma once

#include <cstddef>
#include <deque>

#include <mw/bytes.hpp>
#include <mw/interface.hpp>

namespace mw::multicore {

class Outgoing {
 public:
  bool empty() const noexcept { return pieces_.empty(); }
  void clear() noexcept;

  /// Where the next message goes, behind what is there.
  Bytes& tail();
  /// The same, for a message that is sent by itself.
  Bytes& new_tail();
  /// The task's arguments follow the tail, in the stream.
  void attach(const TaskRef& task) { pieces_.back().arguments = task; }
  /// The block that they are in goes along with the (new) tail, by its descriptor.
  void attach_block(const TaskRef& task);
  /// Whether the task's arguments are attached and not all written.
  bool holds(const TaskRef& task) const noexcept;

  /// Writes what goes. 0: all of it; EAGAIN: the socket has no room; else the error's number.
  int write_to(int socket);

 private:
  struct Piece {
    Bytes bytes;
    TaskRef arguments;
    bool by_descriptor = false;
    std::size_t size() const { return bytes.size() + (arguments && !by_descriptor ? arguments.arguments().size() : 0); }
  };
  class Batch;
  void drop(std::size_t size);

  std::deque<Piece> pieces_;
  std::size_t written_ = 0;  ///< of the first piece
};

}  // namespace mw::multicore
