// Results that are known before a task runs.
//
// What:    the task machine asks for each new task, when all of its arguments are there and before it waits for a
//          worker. What is known ends it at once. A journal is one.
// Owner:   the machine's owner, which must keep it as long as the machine.
// Threads: the machine's.
// Use:
//     struct Known final : KnownResults {
//       std::optional<Outcome> find(const TaskRecord& task) noexcept override { return lookup(task); }
//     };
//     machine.ask_first(known);
#pragma once

#include <optional>

#include <mw/interface.hpp>

#include "core/record.hpp"

namespace mw::core {

class KnownResults {
 public:
  virtual ~KnownResults() = default;
  /// Nothing where the task is to run. Called once for each task.
  virtual std::optional<Outcome> find(const detail::TaskRecord& task) noexcept = 0;
};

}  // namespace mw::core
