// What the parts of MasterCore share.
//
// What:    the clock, the text of an exception, the error of a task.
// Owner:   nothing.
// Threads: any.
// Use:     internal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <mw/interface.hpp>

#include "core/moment.hpp"
#include "core/record.hpp"
#include "process/job_control.hpp"

namespace mw::detail {

inline std::int64_t now_ns() noexcept { return std::chrono::steady_clock::now().time_since_epoch().count(); }
/// One look at the clock. That of limits stands still while this process, and its workers with it, are stopped
/// (Ctrl-Z).
inline core::Moment moment() noexcept {
  const std::int64_t clock_ns = now_ns();
  return {clock_ns, core::Time{clock_ns} - process::time_stopped()};
}

/// What the exception being handled says.
std::string current_exception_text();

/// The error of a task that is done without a result.
TaskError error_of(const TaskRecord& record);

}  // namespace mw::detail
