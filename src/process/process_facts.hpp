// What the kernel says of a process.
//
// What:    a few fields of /proc/PID/stat, see proc(5).
// Owner:   plain values, of the moment at which they were read.
// Threads: any.
// Use:
//     if (const auto facts = ProcessFacts::of(pid)) …
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace mw::process {

struct ProcessFacts {
  char state = 0;
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
  std::uint64_t start = 0;  ///< in ticks since the machine started

  /// Nothing if there is no such process.
  static std::optional<ProcessFacts> of(pid_t pid);

  /// By a signal, or by who traces it.
  bool is_stopped() const noexcept { return state == 'T' || state == 't'; }
  /// It waits for its parent to hear of it.
  bool has_ended() const noexcept { return state == 'Z' || state == 'X'; }
};

}  // namespace mw::process
