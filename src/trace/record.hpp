// What is written down of a run, before it is text.
//
// What:    Record: an attempt that came to its end, a task that ended without one, a worker that came or went, or how
//          many tasks there are. All of one size, a cache line, so that a ring of them needs no memory of its own.
// Owner:   a plain value.
// Threads: any.
// Use:     internal; see trace.hpp.
#pragma once

#include <cstdint>

namespace mw::trace {

enum class Kind : std::uint8_t {
  // An attempt on a worker, from `start_ns` to `end_ns`; how it ended
  finished,
  failed,
  cancelled,
  retried,    ///< it failed, and runs again
  lost,       ///< its worker died under it, and it runs again
  recalled,   ///< it is begun again elsewhere, through no fault: its interface is gone
  overtaken,  ///< a second attempt was faster
  copy,       ///< a second attempt that was not needed, or failed
  // A task that ended at `end_ns`, without a worker
  known,  ///< its result was, from before
  never_began,
  dropped,  ///< … as it was cancelled
  // Others
  worker_joined,
  worker_left,
  counts,  ///< `task` wait, `run_ns` run
};

/// Whether it is an attempt on a worker.
constexpr bool is_attempt(Kind kind) noexcept { return kind <= Kind::copy; }

/// Times are nanoseconds of the steady clock; 0: it has not happened, or nobody knows when.
struct Record {
  std::uint64_t task = 0;
  std::int64_t submit_ns = 0;
  std::int64_t assign_ns = 0;
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
  std::int64_t run_ns = 0;  ///< as the worker measured it
  std::uint32_t worker = 0;
  std::uint32_t name = 0;  ///< of the task: its number in Names
  std::uint32_t attempt = 0;
  Kind kind = Kind::counts;
};
static_assert(sizeof(Record) <= 64);

}  // namespace mw::trace
