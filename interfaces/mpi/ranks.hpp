// The ranks of a job, as its master sees them.
//
// What:    what is known of each rank, and that as status.
// Owner:   the job; a Rank owns its worker.
// Threads: the master's loop.
// Use:     internal; see job.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <mw/interface.hpp>

#include "mpi/death_notice.hpp"
#include "remote/remote_worker.hpp"
#include "wire/mux.hpp"

namespace mw::mpi {

struct Rank {
  std::unique_ptr<remote::RemoteWorker> worker;  ///< null: it is the manager's
  std::string host;
  std::uint32_t pid = 0;
  bool is_lost = false;
  bool was_ready = false;
  bool failed_to_start = false;  ///< its worker, and said so
  std::string end;               ///< what it died of
  std::optional<DeathNotice> notice;
};

/// "mpi worker 3": that of rank 3.
std::string worker_name(std::uint32_t rank);

/// How the master's end of each rank's worker is to be, by rank; the first is the manager's, which has none.
std::vector<remote::RemoteWorker::Options> worker_options(const wire::Ranks& ranks);

/// What the job knows of its workers beside what its master does; `ranks` is empty until they have started.
std::vector<WorkerReport> report(const std::vector<Rank>& ranks, std::uint32_t workers);

/// Where the manager and the ranks are: "manager_host", "manager_pid", "rank_pids", "hosts".
void write_to(StatusMap& status, const std::vector<Rank>& ranks);

}  // namespace mw::mpi
