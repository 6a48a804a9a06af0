// A Unix stream socket that carries descriptors beside its bytes.
//
// What:    sendmsg and recvmsg with SCM_RIGHTS (unix(7)). A descriptor arrives not later than the bytes it was sent
//          with.
// Owner:   received descriptors are the receiver's; sent ones stay the sender's.
// Threads: any.
// Use:
//     Sent sent = send_some(socket, pieces, descriptor);
//     Received got = receive_some(socket, room, descriptors);
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <deque>
#include <span>

#include "process/unique_fd.hpp"

namespace mw::wire {

struct Transfer {
  std::size_t size = 0;
  int error = 0;  ///< errno; 0: none. EAGAIN where the socket does not block and has nothing, or no room
};

/// Writes as much of the pieces as goes, with `descriptor` (-1: none) on the first byte. Never raises SIGPIPE.
Transfer send_some(int socket, std::span<const iovec> pieces, int descriptor = -1);

/// Reads what is there, up to the room's size; size 0 without an error is the end of the stream. Descriptors are
/// appended; one that came when this process had no number free for it is lost, and stands there as -1.
Transfer receive_some(int socket, std::span<std::byte> room, std::deque<process::UniqueFd>& descriptors);

}  // namespace mw::wire
