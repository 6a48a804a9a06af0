// Whether the files that a task brought back are still in their places.
//
// What:    a result that is known counts only with its files. Those of a pattern are not looked for, since nobody knows
//          how many there were.
// Owner:   nothing.
// Threads: any.
// Use:
//     if (!are_outputs_there(task)) …  // it runs again
#pragma once

#include "core/record.hpp"

namespace mw::journal {

bool are_outputs_there(const detail::TaskRecord& task);

}  // namespace mw::journal
