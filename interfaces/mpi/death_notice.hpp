// Lines on mpiexec's stderr that say which rank died, and of what, and which host could not be reached, or is not any
// more.
//
// What:    the first process of a rank writes the one, Hydra carries it, the master reads it: no other way tells of a
//          death on another host at once. What stands between mpiexec and ssh (rank/remote_shell.hpp) writes the other:
//          mpiexec itself waits in silence for a host whose ssh has failed.
// Owner:   plain values.
// Threads: any.
// Use:
//     write_line(notice.to_text());
//     if (auto notice = DeathNotice::of(line)) …            // the same with HostNotice
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

/// The connection to a host has ended, in another way than it does after the job.
struct HostNotice {
  std::string host;
  int exit_status = 0;

  std::string to_text() const;
  static std::optional<HostNotice> of(std::string_view line);
};

}  // namespace mw::mpi
