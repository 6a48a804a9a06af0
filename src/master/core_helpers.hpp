// What the parts of MasterCore share.
//
// What:    the clock, the text of an exception, an outcome that is a failure.
// Owner:   nothing.
// Threads: any.
// Use:     internal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <mw/interface.hpp>

#include "master/record.hpp"
#include "process/job_control.hpp"
#include "scheduler/cost.hpp"

namespace mw::detail {

inline std::int64_t now_ns() noexcept { return std::chrono::steady_clock::now().time_since_epoch().count(); }
/// The clock of limits: it stands still while this process, and its workers with it, are stopped (Ctrl-Z).
inline scheduler::Time now() noexcept { return scheduler::Time{now_ns()} - process::time_stopped(); }

/// What the exception being handled says.
std::string current_exception_text();

/// The outcome of a task that has no result.
Outcome failed(Cause cause, std::string message);

/// The error of a task that is done without a result.
TaskError error_of(const TaskRecord& record);

}  // namespace mw::detail
