#include "mpi/ranks.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "process/place.hpp"
#include "resources/shares.hpp"

namespace mw::mpi {
namespace {

/// A round trip on one machine, and over a network: what a worker would wait for its next task.
constexpr std::chrono::microseconds near_round_trip{500};
constexpr std::chrono::microseconds far_round_trip{2'000};

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

std::vector<remote::RemoteWorker::Options> worker_options(const wire::Ranks& ranks) {
  const std::string own_place = process::own_place();
  std::map<std::string, std::shared_ptr<remote::HostFiles>> files_of;  // by place
  std::map<std::string, unsigned> workers_of;                          // by host
  for (std::uint32_t rank = 1; rank < ranks.list.size(); ++rank) ++workers_of[ranks.list[rank].host];
  std::vector<remote::RemoteWorker::Options> list(ranks.list.size());
  for (std::uint32_t rank = 1; rank < list.size(); ++rank) {
    const std::string& place = ranks.list[rank].place;
    const bool is_here = !own_place.empty() && place == own_place;
    remote::RemoteWorker::Options& options = list[rank];
    options.name = worker_name(rank);
    options.cores = ranks.list[rank].cores;
    const resources::Machine machine{options.cores, ranks.list[rank].memory, {}};
    options.resources = resources::shares_of(machine, {}, workers_of[ranks.list[rank].host]).front();
    options.shares_memory = options.shares_files = is_here;
    options.round_trip = is_here ? near_round_trip : far_round_trip;
    if (is_here || place.empty()) continue;
    auto& files = files_of[place];
    if (!files) files = std::make_shared<remote::HostFiles>();
    options.host_files = files;
  }
  return list;
}

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
