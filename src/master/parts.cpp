// Master::parts_of.
#include <mw/emit.hpp>

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

}  // namespace mw::detail
