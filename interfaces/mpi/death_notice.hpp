// A line on mpiexec's stderr that says which rank died, and of what.
//
// What:    the first process of a rank writes it, Hydra carries it, the master reads it: no other way tells of a death on another
//          host at once.
// Owner:   plain values.
// Threads: any.
// Use:
//     write_line(notice.to_text());
//     if (auto notice = DeathNotice::of(line)) …
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mw::mpi {

struct DeathNotice {
  int rank = -1;
  int pid = 0;
  int signal = 0;
  int exit_status = 0;

  std::string to_text() const;
  static std::optional<DeathNotice> of(std::string_view line);
};

}  // namespace mw::mpi
