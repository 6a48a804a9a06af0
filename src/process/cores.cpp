#include "process/cores.hpp"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <thread>

#include "process/cgroup.hpp"

namespace mw::process {
namespace {

/// Cores that a quota of so many µs a period of so many µs allows; `otherwise` where there is no quota.
double quota(double quota_us, double period_us, double otherwise) {
  return quota_us > 0 && period_us > 0 ? quota_us / period_us : otherwise;
}

double quota_in(const std::string& folder, double otherwise) {
  double quota_us = -1;
  double period_us = -1;
  if (std::ifstream v2{folder + "/cpu.max"}) {
    v2 >> quota_us >> period_us;  // "max 100000" does not read as a number: no quota
    return v2 ? quota(quota_us, period_us, otherwise) : otherwise;
  }
  std::ifstream{folder + "/cpu.cfs_quota_us"} >> quota_us;
  std::ifstream{folder + "/cpu.cfs_period_us"} >> period_us;
  return quota(quota_us, period_us, otherwise);
}

unsigned affinity_count() {
  for (int cpus = 1024; cpus <= 1 << 20; cpus *= 2) {
    const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> set{CPU_ALLOC(cpus), [](cpu_set_t* s) { CPU_FREE(s); }};
    const std::size_t size = CPU_ALLOC_SIZE(cpus);
    if (set && ::sched_getaffinity(0, size, set.get()) == 0) return static_cast<unsigned>(CPU_COUNT_S(size, set.get()));
  }
  return std::thread::hardware_concurrency();
}

}  // namespace

unsigned available_cores() { return available_cores(affinity_count(), ""); }

unsigned available_cores(unsigned affinity, const std::string& root) {
  double cores = std::max(affinity, 1u);
  for (const auto& folder : cgroup_folders(root, "cpu")) cores = std::min(cores, quota_in(folder, cores));
  return std::max(1u, static_cast<unsigned>(std::ceil(cores)));
}

unsigned threads_of_worker(unsigned asked, unsigned workers) {
  const bool is_said = asked != 0 || std::getenv(threads_variable);
  return threads_of_worker(asked, workers, is_said ? 1 : available_cores());
}

unsigned threads_of_worker(unsigned asked, unsigned workers, unsigned cores) {
  if (asked != 0) return asked;
  if (std::getenv(threads_variable)) return 0;
  return std::max(cores / std::max(workers, 1u), 1u);
}

}  // namespace mw::process
