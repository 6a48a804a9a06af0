// What waits to be written to a stream.
//
// What:    messages, and large payloads: written from where they are, or handed over as descriptors of shared memory.
// Owner:   holds the owners of payloads that are not written yet.
// Threads: one at a time.
// Use:
//     wire::append(outgoing.tail(), message);
//     outgoing.attach({bytes, owner, tag});                 // they follow
//     if (outgoing.write_to(socket) == EAGAIN) wait_for_room();
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <span>

#include <mw/bytes.hpp>

#include "wire/local_socket.hpp"

namespace mw::wire {

/// Bytes that lie elsewhere.
struct Payload {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;  ///< keeps them there
  const void* tag = nullptr;          ///< by which holds() knows them
};

class Outgoing {
 public:
  bool empty() const noexcept { return pieces_.empty(); }
  void clear() noexcept;

  /// Where the next message goes, behind what is there.
  Bytes& tail();
  /// The same, for a message that is sent by itself.
  Bytes& new_tail();
  /// The payload follows the tail, in the stream.
  void attach(Payload payload) { pieces_.back().payload = std::move(payload); }
  /// This descriptor goes along with the (new) tail; `owner` keeps it open.
  void attach_descriptor(int descriptor, std::shared_ptr<const void> owner, const void* tag = nullptr);
  /// Whether a payload with this tag is attached and not all written.
  bool holds(const void* tag) const noexcept;

  /// Bytes that wait, descriptors not counted.
  std::size_t size() const noexcept;

  /// Writes what goes. 0: all of it; EAGAIN: the socket has no room; else the error's number.
  int write_to(int socket);
  /// The same to any stream: `send` writes some of the pieces, with the descriptor (-1: none) on the first byte.
  using Send = std::function<Transfer(std::span<const iovec> pieces, int descriptor)>;
  int write_to(const Send& send);

 private:
  struct Piece {
    Bytes bytes;
    Payload payload;
    int descriptor = -1;
    std::size_t size() const { return bytes.size() + payload.bytes.size(); }
    bool is_open() const { return !payload.owner && descriptor < 0; }
  };
  class Batch;
  void drop(std::size_t size);

  std::deque<Piece> pieces_;
  std::size_t written_ = 0;  ///< of the first piece
};

}  // namespace mw::wire
