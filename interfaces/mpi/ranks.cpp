#include "mpi/ranks.hpp"

#include <set>

#include <fmt/format.h>

namespace mw::mpi {
namespace {

/// Nothing of one of which its master knows all there is to know.
std::optional<WorkerReport> report_of(const Rank& rank) {
  WorkerReport report{.name = rank.worker->name(), .host = rank.host};
  if (rank.is_lost) {
    report.state = rank.was_ready ? WorkerState::lost : WorkerState::not_started;
    report.note = rank.end;
  } else if (!rank.worker->is_ready()) {
    report.state = rank.failed_to_start ? WorkerState::not_started : WorkerState::starting;
  } else if (rank.worker->is_stopped()) {
    report.state = WorkerState::stopped;
    report.note = "stopped in " + rank.worker->doing();
  } else {
    return std::nullopt;
  }
  return report;
}

}  // namespace

std::string worker_name(std::uint32_t rank) { return fmt::format("mpi worker {}", rank); }

std::vector<WorkerReport> report(const std::vector<Rank>& ranks, std::uint32_t workers) {
  std::vector<WorkerReport> list;
  if (ranks.empty())
    for (std::uint32_t rank = 1; rank <= workers; ++rank) list.push_back({.name = worker_name(rank)});
  for (const Rank& rank : ranks)
    if (rank.worker)
      if (auto one = report_of(rank)) list.push_back(std::move(*one));
  return list;
}

void write_to(StatusMap& status, const std::vector<Rank>& ranks) {
  if (ranks.empty()) return;
  status["manager_host"] = ranks[0].host;
  status["manager_pid"] = std::int64_t{ranks[0].pid};
  std::set<std::string> hosts;
  std::string pids;
  for (const Rank& rank : ranks) {
    if (!rank.worker) continue;
    hosts.insert(rank.host);
    pids += fmt::format("{}{}", pids.empty() ? "" : " ", rank.pid);
  }
  status["hosts"] = static_cast<std::int64_t>(hosts.size());
  status["rank_pids"] = pids;
}

}  // namespace mw::mpi
