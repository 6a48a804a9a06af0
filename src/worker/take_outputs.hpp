// Files of a task, on their way to its master.
//
// What:    puts the list of a task's outputs in front of its value; the files themselves too, or, on the master's own
//          machine, into a folder of the master's.
// Owner:   the files in that folder are the master's from then on. Where this throws, there are none.
// Threads: any; the task's folder is the calling thread's working directory.
// Use:
//     take_outputs(terms, outcome.value);                                 // throws OutputError, std::bad_alloc
#pragma once

#include <mw/bytes.hpp>

#include "wire/messages.hpp"

namespace mw::worker {

void take_outputs(const wire::Terms& terms, Bytes& value);

}  // namespace mw::worker
