// What can be asked of a master, and told it, from outside.
//
// What:    the seam between a master and the methods of its control channel. Nothing waits: each call returns at once,
//          and `then` is called when the master has come to it, in the master's loop; if the loop is held up, that is
//          late, and if the master ends meanwhile, never. `then` may not throw, and must be quick.
// Owner:   the master; outlives who calls.
// Threads: any thread calls.
// Use:
//     controls.status([io](Status status) { io.post(…); });
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <mw/status.hpp>

namespace mw::control {

/// A task that has not ended.
struct OpenTask {
  std::uint64_t id = 0;
  std::string name;
  bool is_running = false;
  std::string worker;  ///< where it runs, or lies; empty: nowhere
  double seconds = 0;  ///< since it was submitted, or since it began
  std::uint32_t attempt = 0;
  std::int32_t priority = 0;
  double progress = 0;
};

struct Now {
  Status status;
  bool is_stopping = false;
  bool has_stopped = false;
  bool can_scale = false;  ///< Controls::scale() may do something
};

/// Why something was not done, in words; empty: it was.
using Refusal = std::string;

class Controls {
 public:
  virtual ~Controls() = default;

  virtual void now(std::function<void(Now)> then) = 0;
  /// Those that wait, in the order in which they go, from the n-th on; at most `limit`, and none behind the first
  /// 100,000.
  virtual void waiting(std::size_t from, std::size_t limit, std::function<void(std::vector<OpenTask>)> then) = 0;
  /// Nothing if it is not known here (any more).
  virtual void explain(std::uint64_t id, std::function<void(std::optional<std::string>)> then) = 0;
  virtual void cancel(std::uint64_t id, std::function<void(Refusal)> then) = 0;
  virtual void pause(std::function<void(Refusal)> then) = 0;
  virtual void resume(std::function<void(Refusal)> then) = 0;
  virtual void scale(std::uint32_t workers, std::function<void(Refusal)> then) = 0;

 protected:
  Controls() = default;
  Controls(const Controls&) = default;
  Controls& operator=(const Controls&) = default;
};

}  // namespace mw::control
