// What is known of a task before it runs.
//
// What:    the task machine asks for each new task, when all of its arguments are there and before it waits for a
//          worker. A result that is known ends it at once; with a state that is known it begins. A journal is one.
// Owner:   the machine's owner, which must keep it as long as the machine.
// Threads: the machine's.
// Use:
//     struct Known final : KnownResults {
//       Known find(const TaskRecord& task) noexcept override { return {.outcome = lookup(task)}; }
//     };
//     machine.ask_first(known);
#pragma once

#include <memory>
#include <optional>

#include <mw/interface.hpp>

#include "core/record.hpp"

namespace mw::core {

class KnownResults {
 public:
  struct Known {
    std::optional<Outcome> outcome = {};           ///< nothing where the task is to run
    std::shared_ptr<const Bytes> checkpoint = {};  ///< … from here on; null: from its beginning
  };
  virtual ~KnownResults() = default;
  /// Called once for each task.
  virtual Known find(const detail::TaskRecord& task) noexcept = 0;
};

}  // namespace mw::core
