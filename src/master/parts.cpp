// Master::parts_of, and what a task has printed as a part.
#include <mw/codec.hpp>
#include <mw/detail/task_access.hpp>
#include <mw/emit.hpp>
#include <mw/program.hpp>

#include <fmt/format.h>

#include "core/record.hpp"
#include "master/completions.hpp"
#include "master/core.hpp"

namespace mw::detail {

std::optional<PartBytes> next_part(MasterCore& core, TaskRecord& record, const Deadline& deadline) {
  while (true) {
    // All of a task's parts are there before it is done.
    const bool is_over = is_done(record.state.load(std::memory_order_acquire));
    PartList* const parts = record.find_parts();
    if (auto part = parts ? parts->take() : std::nullopt) return part;
    if (const std::uint64_t missing = parts ? parts->dropped() : 0)
      throw UsageError{
          fmt::format("task {} ({}) has emitted {} values more, which were not kept: too much that tasks had emitted "
                      "waited to be read (MasterOptions::most_unread_parts)",
                      record.id, record.name(), missing)};
    if (is_over) return std::nullopt;
    if (!core.completions().wait_for_part(record, deadline))
      throw TimeoutError{fmt::format("task {} ({}) has emitted nothing more in the time given", record.id, record.name())};
  }
}

/// An interface that chooses its workers by itself hears of a task when it is over: what was printed is one part.
void MasterCore::keep_printed(const TaskRef& task, const Outcome& outcome) {
  const bool is_program = TaskAccess::record(task)->function == &Registered<&program_task>::entry;
  if (is_program)  // its stdout is the result
    parts_.keep(task, Bytes{outcome.value.span()});
  else if (!outcome.out.empty())
    parts_.keep(task, encode(outcome.out));
}

}  // namespace mw::detail
