// What lets others watch a master, and tell it what to do.
//
// What:    the recorder, the dashboard, and what the control channel asks of the master: each call is passed to the
//          loop, and answered there.
// Owner:   the master's core, to which it refers; made before its interface starts, and gone after its loop.
// Threads: see control::Controls; all else as the dashboard's owner.
// Use:     internal; see watching.cpp.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/controls.hpp"
#include "dashboard/dashboard.hpp"
#include "watch/recorder.hpp"

namespace mw::detail {

class MasterCore;

class Watching final : public control::Controls {
 public:
  /// Throws InterfaceError.
  Watching(MasterCore& core, const dashboard::Options& options, const WorkerDirectory& directory, std::int64_t born_ns);

  watch::Recorder& recorder() noexcept { return recorder_; }
  std::string url() const { return dashboard_.url(); }
  void finish(control::Now last) { dashboard_.finish(std::move(last)); }

  void now(std::function<void(control::Now)> then) override;
  void waiting(std::size_t from, std::size_t limit, std::function<void(std::vector<control::OpenTask>)> then) override;
  void explain(std::uint64_t id, std::function<void(std::optional<std::string>)> then) override;
  void cancel(std::uint64_t id, std::function<void(control::Refusal)> then) override;
  void pause(std::function<void(control::Refusal)> then) override;
  void resume(std::function<void(control::Refusal)> then) override;
  void scale(std::uint32_t workers, std::function<void(control::Refusal)> then) override;

 private:
  MasterCore& core_;
  watch::Recorder recorder_;
  dashboard::Dashboard dashboard_;  ///< goes first
};

}  // namespace mw::detail
