// Descriptors that a program does not hand on to those that it starts.
//
// What:    what libraries open without O_CLOEXEC is closed in whatever the user's own code starts, too: a port that a
//          forgotten child holds open cannot be used again.
// Owner:   nothing.
// Threads: any.
// Use:
//     close_on_exec(acceptor.native_handle());
#pragma once

#include <fcntl.h>

namespace mw::process {

inline void close_on_exec(int descriptor) noexcept { ::fcntl(descriptor, F_SETFD, FD_CLOEXEC); }

}  // namespace mw::process
