// Says on stderr that a worker died under a task which runs again.
//
// What:    an observer that warns; of a task that ends, its error tells.
// Owner:   the master.
// Threads: the loop.
// Use:
//     machine.add_observer(teller);
#pragma once

#include <string>

#include <fmt/format.h>

#include "core/observer.hpp"
#include "core/worker_directory.hpp"
#include "log/log.hpp"

namespace mw::detail {

class LossTeller final : public core::Observer {
 public:
  explicit LossTeller(const WorkerDirectory& directory) : directory_{directory} {}

  void lost(const TaskRecord&, const Outcome& what, const core::Moment&) noexcept override {
    why_ = what.failure ? what.failure->message : std::string{};
  }
  void queued_again(const TaskRecord& record, core::Again why, bool, const core::Moment&) noexcept override {
    if (why != core::Again::lost) return;
    const auto worker = directory_.find(record.last_worker.load(std::memory_order_relaxed));
    log::warn(fmt::format("{} was lost under task {} ({}): {}; it runs again", worker.name, record.id, record.name(), why_));
  }

 private:
  const WorkerDirectory& directory_;
  std::string why_;
};

}  // namespace mw::detail
