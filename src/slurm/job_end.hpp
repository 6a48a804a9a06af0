// When the job of Slurm's that this process runs in will be ended.
//
// What:    own_job() says which job that is; JobEnd is when its time limit ends it, out of the environment or of what
//          squeue and scontrol say, which is checked.
// Owner:   values.
// Threads: any.
// Use:
//     if (const auto job = slurm::own_job()) {
//       const slurm::JobEnd end = slurm::end_of(*job, 3s);            // throws InterfaceError
//       if (end.at) stop_at(*end.at - 5min);
//     }
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <mw/error.hpp>

namespace mw::slurm {

struct JobEnd {
  std::optional<std::chrono::system_clock::time_point> at = {};  ///< empty: it has no time limit
};

/// What squeue prints for "%e", or scontrol behind "EndTime=": seconds since 1970, a local date as in
/// "2026-11-28T09:42:21", or that there is no end. Empty: it is none of these.
std::optional<JobEnd> read_end(std::string_view text);
/// The same out of all that `scontrol show job` says.
std::optional<JobEnd> read_end_in_description(std::string_view text);

/// SLURM_JOB_ID, if it is a job's number; empty outside of a job.
std::optional<std::string> own_job();
/// Out of SLURM_JOB_END_TIME, or asked: Slurm has `limit` for the answer. Throws InterfaceError, which says why nobody
/// knows.
JobEnd end_of(const std::string& job, std::chrono::milliseconds limit);

}  // namespace mw::slurm
