// The loop of a worker process.
//
// What:    says hello, then: read a task, call its function, write the result; until the master says bye or closes.
// Owner:   takes the socket and the page.
// Threads: the caller's; tasks run in it. set_progress() may come from any thread of a task.
// Use:
//     std::exit(worker::serve(socket));
#pragma once

#include <optional>

#include "worker/claim_page.hpp"

namespace mw::worker {

/// Serves the master at the other end of this connected Unix stream socket; with `claims`, tasks may be sent ahead.
/// Returns the process's exit status: 0 when the master is done with this worker, 1 when it refused it or broke the
/// protocol.
int serve(int socket, std::optional<ClaimPage> claims = {});

}  // namespace mw::worker
