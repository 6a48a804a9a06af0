// How long a call may wait.
//
// What:    Timeout: any std::chrono duration; Deadline: the moment that it ends at.
// Owner:   plain values.
// Threads: any.
// Use:
//     using namespace std::chrono_literals;
//     if (auto hits = master.try_get_result(task, 100ms)) use(*hits);
#pragma once

#include <chrono>
#include <optional>

namespace mw {

/// How long to wait, in seconds; made of any std::chrono duration. Nothing or less: not at all. More than 30 years,
/// such as std::chrono::hours::max(): without end.
using Timeout = std::chrono::duration<double>;

namespace detail {
/// Empty: there is none.
using Deadline = std::optional<std::chrono::steady_clock::time_point>;

/// Throws UsageError for what is not a number.
Deadline deadline_after(Timeout timeout);
}  // namespace detail

}  // namespace mw
