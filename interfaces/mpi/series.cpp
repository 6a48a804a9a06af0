#include "mpi/series.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "log/log.hpp"
#include "mpi/launch.hpp"
#include "mpi/ranks.hpp"

namespace mw::mpi {

Series::Series(MpiOptions options)
    : options_{std::move(options)}, hosts_{hosts_of(options_)}, workers_{workers_of(options_, hosts_)}, job_{make_job()} {}

std::unique_ptr<Job> Series::make_job() {
  return std::make_unique<Job>(options_, hosts_, workers_, [this](const JobEnd& end) { return goes_on(end); });
}

/// Whether another job follows. A first one that does not start is an error: somebody should know what does not work.
bool Series::goes_on(const JobEnd& end) {
  const bool may = end.has_run ? end.is_mpiexecs : restarts_ > 0 && !end.hosts_gone.empty();
  if (!may || restarts_ >= options_.restarts) return false;
  std::vector<HostSlots> rest = hosts_;
  std::erase_if(rest, [&](const HostSlots& host) {
    return std::find(end.hosts_gone.begin(), end.hosts_gone.end(), host.name) != end.hosts_gone.end() && !is_own_name(host.name);
  });
  const bool manager_is_gone = std::find(end.hosts_gone.begin(), end.hosts_gone.end(), options_.manager) != end.hosts_gone.end();
  if (manager_is_gone || (rest.empty() && !hosts_.empty())) return false;
  ++restarts_;
  for (const HostSlots& host : hosts_)
    if (std::none_of(rest.begin(), rest.end(), [&](const HostSlots& one) { return one.name == host.name; }))
      left_out_.push_back(host.name);
  workers_ = workers_on(rest, hosts_, workers_);
  hosts_ = std::move(rest);
  log::warn(fmt::format("mpi: {}", end.why));
  log::warn(fmt::format("mpi: the job is started anew ({} of {} times) with {} workers{}", restarts_, options_.restarts, workers_,
                        left_out_.empty() ? "" : fmt::format(", without {}", fmt::join(left_out_, ", "))));
  is_between_ = true;
  // Its end has begun; the next one comes after it.
  host().post([this] { job_->stop([this] { start_next(); }); });
  return true;
}

void Series::start_next() {
  if (stopped_) return std::exchange(stopped_, nullptr)();
  // A child process may live only as long as the thread that starts it.
  host().post_to_thread([this] {
    is_between_ = false;
    if (stopped_) return std::exchange(stopped_, nullptr)();
    ended_.push_back(std::exchange(job_, make_job()));
    try {
      job_->start(host());
    } catch (const Error& e) {
      has_no_job_ = true;
      host().interface_failed(e.what());
    }
  });
}

void Series::stop(std::function<void()> stopped) {
  if (has_no_job_) return host().post(std::move(stopped));
  if (!is_between_) return job_->stop(std::move(stopped));
  stopped_ = std::move(stopped);
}

std::vector<WorkerReport> Series::report_workers() {
  if (!is_between_) return job_->report_workers();
  return report({}, workers_);  // those of the next job are on their way
}

StatusMap Series::get_status() {
  StatusMap status = job_->status();
  status["restarts"] = std::int64_t{restarts_};
  if (!left_out_.empty()) status["hosts_left_out"] = fmt::format("{}", fmt::join(left_out_, ", "));
  return status;
}

}  // namespace mw::mpi
