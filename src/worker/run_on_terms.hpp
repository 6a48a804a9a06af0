// One call of a task that wants more than its arguments.
//
// What:    a folder of its own with its data files, its limits, and the files that come back, around the call.
// Owner:   the folder goes when this returns.
// Threads: any; see task_folder.hpp for several side by side.
// Use:
//     Outcome outcome = run_on_terms(terms, Scope::process, [&] { return execute(…); });
#pragma once

#include <functional>

#include <mw/interface.hpp>

#include "wire/messages.hpp"
#include "worker/limits.hpp"

namespace mw::worker {

/// In a thread's scope, what the task prints is its caller's to emit.
/// Where the terms name outputs, the value of a result begins with their list (wire/output_list.hpp).
Outcome run_on_terms(const wire::Terms& terms, Scope scope, const std::function<Outcome()>& call);

}  // namespace mw::worker
